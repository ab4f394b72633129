#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# tests/vm/selftest.sh - test tests/vm/run and tests/vm/suite themselves.
#
#   tests/vm/selftest.sh [KERNEL]     (default 6.1)
#
# Needs nothing of libkrsi. Prints TAP; exit code 1 when a case failed. Takes
# about a minute, most of it booting.
#
# shellcheck disable=SC2016,SC2317 # guest scripts in quotes; called through ok()
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
readonly here kernel=${1:-6.1}
number=0 failures=0 code=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ok NAME CONDITION...: one TAP result; shows the last boot when it is bad.
ok() {
	local name=$1
	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number - $name"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $number - $name"
	printf '# not true: %s\n# exit code %s\n' "$*" "$code"
	tail -n 20 "$work/out" "$work/err" | cut -c -200 | sed 's/^/# /'
}

exits() { [[ $code == "$1" ]]; }
out_has() { grep -qxF -e "$1" "$work/out"; }
err_has() { grep -qF -e "$1" "$work/err"; }

# vm OPTION... -- PROGRAM...: a boot, into $code, $work/out and $work/err.
vm() {
	code=0
	"$here/run" -k "$kernel" -t 60 "$@" >"$work/out" 2>"$work/err" || code=$?
}

# script NAME: make an executable of stdin.
script() {
	{ echo '#!/bin/sh'; cat; } >"$work/$1"
	chmod +x "$work/$1"
}

# --- tests/vm/run -----------------------------------------------------------

script code <<<'exit $1'
vm -- "$work/code" 0
ok "exit code 0 passes through" exits 0
ok "... and a good run says nothing" [ ! -s "$work/err" ]
vm -- "$work/code" 7
ok "exit code 7 passes through" exits 7

script die <<<'kill -SEGV $$'
vm -- "$work/die"
ok "a program killed by SIGSEGV gives 128 + 11" exits 139
ok "... and its output is its own" [ ! -s "$work/out" ]

# Every byte value, and enough of them to fill every buffer on the way. The
# program ends at once after it, leaving a child that goes on writing.
awk 'BEGIN { for (i = 0; i < 4096; i++) for (c = 0; c < 256; c++) printf "%c", (i + c) % 256 }' |
	LC_ALL=C sed 's/\r$/\r\r/' >"$work/bytes"
script bytes <<<'cat /test/bytes.data; echo to stderr >&2; (sleep 1; yes) >/dev/null &'
vm -f "$work/bytes:bytes.data" -- "$work/bytes"
echo "to stderr" >>"$work/bytes"
ok "1 MB with every byte value arrives intact" cmp "$work/bytes" "$work/out"

script flood <<<'yes flood'
SECONDS=0
vm -t 8 -- "$work/flood"
ok "a guest that floods its output is stopped at the time limit" exits 124
ok "... in time" [ $SECONDS -lt 20 ]

script warn <<<'echo "<4>WARNING: from the self test" >/dev/kmsg; echo "<6>BUG-free" >/dev/kmsg'
vm -l "$work/log" -- "$work/warn"
ok "a warning in the kernel log gives 121" exits 121
ok "... its line is on stderr" err_has "WARNING: from the self test"
ok "... and in the file of -l" grep -q "WARNING: from the self test" "$work/log"

script off <<<'poweroff -f; sleep 10'
vm -- "$work/off"
ok "a guest that powers off early gives 125" exits 125

script panic <<<'echo before; echo c >/proc/sysrq-trigger; sleep 10'
vm -- "$work/panic"
ok "a panic gives 121, as its line is in the kernel log" exits 121
ok "... the output before it is there" out_has before
ok "... and no second boot" [ "$(grep -c 'died before' "$work/err")" = 0 ]

vm -a rdinit=/nowhere -- "$work/code" 0
ok "a kernel that never gets to user space gives 121" exits 121
ok "... after two more tries" [ "$(grep -c 'died before' "$work/err")" = 2 ]

mkdir -p "$work/tree/sub"
echo "in a tree" >"$work/tree/sub/file"
script look <<'SCRIPT'
echo "cmdline: $(cat /proc/cmdline)"
echo "name: $NAME"
echo "argument: $2"
cat /opt/tree/sub/file
for m in /proc /sys /dev /dev/pts /sys/kernel/security /sys/fs/bpf /sys/kernel/tracing /sys/fs/cgroup /tmp /run; do
	grep -q " $m " /proc/mounts || echo "not mounted: $m"
done
ping -c 1 -W 2 127.0.0.1 >/dev/null || echo "lo is down"
SCRIPT
vm -a selftest.x=1 -e "NAME=it's \$HOME \"x\"" -f "$work/tree:/opt/tree" -c 2 -- "$work/look" a $'b  c\n*'
ok "-a reaches the kernel's command line" grep -q '^cmdline: .*selftest\.x=1' "$work/out"
ok "-e reaches the environment" out_has "name: it's \$HOME \"x\""
ok "arguments arrive as they are" out_has "argument: b  c"
ok "-f takes a directory along" out_has "in a tree"
ok "everything usual is mounted and lo is up" [ "$(grep -cE '^(not mounted|lo is down)' "$work/out")" = 0 ]

script counted <<'SCRIPT'
grep -q -w -E 'erms|fsrm|rep_good' /proc/cpuinfo && echo "has string instructions"
date +%Y
SCRIPT
vm -i -- "$work/counted"
ok "-i: no string features, and a clock of its own" [ "$(<"$work/out")" = 2025 ]

"$here/run" -k "$kernel" -t 60 -- "$work/code" 3 >"$work/out2" 2>&1 &
other=$!
vm -- "$work/code" 4
wait "$other" && other=0 || other=$?
ok "two runs at a time do not collide" [ "$code $other" = "4 3" ]

# TMPDIR makes the QEMU of this run findable: its command line names it.
mkdir "$work/tmp"
script wait <<<'echo ready; sleep 50'
for signal in TERM KILL; do
	TMPDIR=$work/tmp "$here/run" -k "$kernel" -t 60 -- "$work/wait" >"$work/out" 2>"$work/err" &
	other=$!
	for ((i = 0; i < 200; i++)); do
		if grep -q ready "$work/out"; then break; fi
		sleep 0.1
	done
	kill -"$signal" "$other"
	wait "$other" 2>/dev/null || true
	for ((i = 0; i < 30; i++)); do
		if ! pgrep -f "$work/tmp" >/dev/null; then break; fi
		sleep 0.1
	done
	ok "SIG$signal to run ends its QEMU" [ "$i" -lt 30 ]
done

code=0
"$here/run" -K "$here/selftest.sh" -- "$work/code" 0 >"$work/out" 2>"$work/err" || code=$?
ok "a file that is no kernel gives 122" exits 122
for wrong in "-c 0 -- $work/code" "-i -c 2 -- $work/code" "-x" "-k 1.2 -- $work/code" "-- $work/none" "-f $work/none -- $work/code"; do
	code=0
	# shellcheck disable=SC2086 # words are meant
	"$here/run" $wrong >"$work/out" 2>"$work/err" || code=$?
	ok "122 for: run ${wrong//"$work/"/}" exits 122
done

# --- tests/vm/suite ---------------------------------------------------------

suite() {
	code=0
	"$here/suite" -k "$kernel" -r "$work/results" "$@" >"$work/out" 2>"$work/err" || code=$?
}

# result PROGRAM CASE RESULT REASON: is it in the results, once?
result() { [[ $(grep -cxF -e "$kernel"$'\t\t'"$1"$'\t'"$2"$'\t'"$3"$'\t'"$4" "$work/results") == 1 ]]; }

# compile NAME: a cmocka program; stdin has its cases, called a and b.
compile() {
	{
		printf '#include <%s>\n' stdarg.h stddef.h setjmp.h stdint.h stdio.h stdlib.h signal.h unistd.h cmocka.h
		cat
		cat <<-'C'
			int main(void)
			{
				const struct CMUnitTest cases[] = { cmocka_unit_test(a), cmocka_unit_test(b) };
				return cmocka_run_group_tests_name("group", cases, NULL, NULL);
			}
		C
	} | cc -Wno-unused-parameter -x c -o "$work/$1" - -lcmocka
}

if ! compile pass 2>"$work/err"; then
	echo "ok $((++number)) # SKIP no compiler or no cmocka: the suite is not tested"
	echo "1..$number"
	exit $((failures != 0))
fi <<'C'
static void a(void **state) { printf("ok 7 - not a result\n"); }
static void b(void **state) { }
C
mkdir "$work/lib"
echo 'int from_library(void) { return 6; }' | cc -shared -fPIC -x c -o "$work/lib/libselftest.so" -
echo 'int from_library(void); int main(void) { return from_library(); }' |
	cc -x c -o "$work/linked" - -L"$work/lib" -lselftest -Wl,-rpath,'$ORIGIN/lib'
vm -- "$work/linked"
ok "run: shared libraries come along, \$ORIGIN or not" exits 6

compile fail <<'C'
static void a(void **state) { fail_msg("the %s", "reason"); }
static void b(void **state) { assert_int_equal(1, 2); }
C
compile skips <<'C'
static void a(void **state) { printf("# skip: no such feature\n"); skip(); }
static void b(void **state) { }
C
compile crash <<'C'
static void a(void **state) { }
static void b(void **state) { printf("no newline"); fflush(stdout); raise(SIGKILL); }
C
compile hang <<'C'
static void a(void **state) { }
static void b(void **state) { pause(); }
C
compile early <<'C'
static void a(void **state) { exit(0); }
static void b(void **state) { }
C
script not-here <<<'echo first; echo no kernel feature; exit 77'
script silent <<<'exit 0'
script parts <<'SCRIPT'
echo "# parts: one two three"
printf '%s\n' "# part: one" 1..2 "ok 1 - a" "# it went away"
printf '%s\n' "# part: two" 1..1 "ok 1 - a" "# ok - group" "# took: 3 s"
exit 1
SCRIPT

suite -p 4 "$work"/{pass,fail,skips,crash,hang,early,not-here,silent,parts}
ok "suite: exit code 1 when something failed" exits 1
ok "suite: totals" out_has "$kernel: 7 passed, 8 failed, 2 skipped"
ok "suite: pass" result pass b pass ""
ok "suite: fail, with the text of fail_msg" grep -q $'\tfail\ta\tfail\tthe reason' "$work/results"
ok "suite: fail, with the text of an assertion" grep -q $'\tfail\tb\tfail\t0x1 != 0x2' "$work/results"
ok "suite: skip, with its reason" result skips a skip "no such feature"
ok "suite: ... at the end too" out_has "skipped: skips: a: no such feature"
ok "suite: crash" result crash "(program)" fail "killed by SIGKILL in case 2 of 2; last line: no newline"
ok "suite: hang" result hang "(program)" fail "timed out after 4 s in case 2 of 2; last line: ok 1 - a"
ok "suite: early exit" result early "(program)" fail "exited with code 0 in case 1 of 2; last line: 1..2"
ok "suite: exit code 77" result not-here "(program)" skip "no kernel feature"
ok "suite: a program without cases" result silent "(program)" fail "ran no cases"
ok "suite: cases count with the part of their program" result two a pass ""
ok "suite: ... which has a time of its own" out_has "time: two: 3 s"
ok "suite: a part that breaks off fails" result one "(group)" fail "ended after 1 of 2 cases; last line: # it went away"
ok "suite: a part that did not begin fails" result three "(program)" fail "did not run: parts ended before"
ok "suite: output has the program's name" out_has "pass: ok 7 - not a result"

suite "$work/pass" "$work/skips"
ok "suite: exit code 0 when nothing failed" exits 0
suite "$work/pass" "$work/warn" "$work/panic" "$work/skips"
ok "suite: a panic fails what ran, what did not run, and the log" \
	out_has "$kernel: 2 passed, 4 failed, 0 skipped"
suite "$work/not-here"
ok "suite: exit code 1 when nothing passed" exits 1

echo "1..$number"
exit $((failures != 0))
