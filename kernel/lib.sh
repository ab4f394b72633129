# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# shellcheck shell=bash
# What kernel/check and kernel/check-module share. Sourced, not run.
#
# Headers, tools and sources of Debian's kernels are kept below
#   ${KRSI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libkrsi}/
# as headers/LINE and source/LINE, each with a file version. Nothing of this machine's is changed.
# shellcheck disable=SC2034 # used by those who source it

# shellcheck source=scripts/lib.sh
. "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")/scripts/lib.sh"

cache=${KRSI_CACHE:-${XDG_CACHE_HOME:-${HOME:?neither HOME nor KRSI_CACHE is set}/.cache}/libkrsi}
readonly cache
readonly LINES_PATCHED=(6.1 6.12 7.3)
readonly MODULE_PACKAGES=(gcc make libelf-dev zlib1g-dev bc)
# Sealing lasts, so the tests of it come last.
GUEST_TESTS=(features exec audit seal)
# The library's tests: those of what it needs of a kernel, and last the one that seals. On a permissive kernel most
# of the others would find nothing refused; the rest of tests/vm/ is about the library, whatever the kernel.
readonly LIBRARY_TESTS='probe hook object policies tool audit additions' LIBRARY_TESTS_PERMISSIVE='probe additions'
readonly GUEST_PACKAGES=(clang libbpf-dev libcmocka-dev pkg-config)

: "${log:?set by those who source this: where check() keeps the output of the last command}"

passed=0 failed=0 skipped=0

# check NAME COMMAND...: one test that is a command; $log is shown when it fails.
check() {
	local name=$1
	shift
	if "$@" >"$log" 2>&1; then
		printf 'ok   %s\n' "$name"
		passed=$((passed + 1))
	else
		printf 'FAIL %s\n' "$name"
		tail -n 40 "$log"
		failed=$((failed + 1))
		return 1
	fi
}

# finish: the last line, and the exit code.
finish() {
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	((failed == 0 && passed > 0))
	exit
}

is_line() { [[ " ${LINES_PATCHED[*]} " == *" $1 "* ]]; }

# kernel_version LINE: "PACKAGE VERSION" of the stock kernel that tests boot.
kernel_version() {
	local vmlinuz
	vmlinuz=$("$top/scripts/kernels" --path "$1") || return 1
	cat "${vmlinuz%/*}/version"
}

# fetch_source LINE [VERSION]: linux-source of that version, where Debian still has it, else the newest.
# Prints the path of the tarball.
fetch_source() {
	local line=$1 version=${2:-} dir=$cache/source/$1 tmp=$cache/source/$1.new found
	if [[ ! -s $dir/version || (-n $version && $(<"$dir/version") != "$version") ]]; then
		rm -rf "$tmp"
		if [[ -z $version ]] || ! "$top/scripts/kernels" --unpack "$line" "$tmp" "linux-source-$line=$version" >&2; then
			"$top/scripts/kernels" --unpack "$line" "$tmp" "linux-source-$line" >&2 || return 1
		fi
		found=$(zcat "$tmp/usr/share/doc/linux-source-$line"/changelog*.gz | sed -n '1s/.*(\(.*\)).*/\1/p')
		mkdir "$tmp/done"
		mv "$tmp/usr/src/linux-source-$line.tar.xz" "$tmp/done/linux-source.tar.xz"
		printf '%s\n' "$found" >"$tmp/done/version"
		rm -rf "$dir"
		mv "$tmp/done" "$dir"
		rm -rf "$tmp"
	fi
	printf '%s\n' "$dir/linux-source.tar.xz"
}

# wrap_tools DIR: the programs below it are of another Debian than this machine, perhaps: let each start
# with the C library that came along.
wrap_tools() {
	local dir=$1 loader libraries file
	loader=$(find "$dir" -name ld-linux-x86-64.so.2 -print -quit)
	libraries=$(find "$dir" -type d -name x86_64-linux-gnu -path '*lib/*' | paste -sd:)
	while IFS= read -r -d '' file; do
		[[ $(head -c4 "$file" | tr -d '\0') == $'\x7fELF' ]] || continue
		mv "$file" "$file.elf"
		# $0, as some look for their companions beside themselves.
		# shellcheck disable=SC2016 # for the other shell
		printf '#!/bin/sh\nexec %q --argv0 "$0" --library-path %q %q "$@"\n' \
			"$loader" "$libraries" "$file.elf" >"$file"
		chmod 755 "$file"
	done < <(find "$dir"/usr/lib/linux-kbuild-* "$dir/usr/bin/pahole" -type f -perm -u+x -print0)
}

# fetch_headers LINE: headers and tools of just the stock kernel that tests boot. Prints their directory,
# in which build is where modules are built against.
fetch_headers() {
	local line=$1 dir=$cache/headers/$1 package version name tmp build
	read -r package version < <(kernel_version "$line") || return 1
	name=${package#linux-image-}
	name=${name#linux-binary-}
	if [[ ! -s $dir/version || $(<"$dir/version") != "$package $version" ]]; then
		rm -rf "$dir"
		"$top/scripts/kernels" --unpack "$line" "$dir" "linux-headers-$name=$version" \
			"linux-headers-${name%-cloud-amd64}-common=$version" pahole+ >&2 || return 1
		build=$dir/usr/src/linux-headers-$name
		tmp=$(readlink "$build/scripts")
		tmp=$(basename "${tmp%/scripts}")
		"$top/scripts/kernels" --unpack "$line" "$dir" "$tmp+" >&2 || return 1
		wrap_tools "$dir"
		ln -s "usr/src/linux-headers-$name" "$dir/build"
		ln -s "usr/src/linux-headers-${name%-cloud-amd64}-common" "$dir/common"
		complete_headers "$line" "$dir" || return 1
		printf '%s %s\n' "$package" "$version" >"$dir/version"
	fi
	printf '%s\n' "$dir"
}

# complete_headers LINE DIR: what Debian 12's headers lack, the kernel's BTF and resolve_btfids, from its
# vmlinuz and its source.
complete_headers() {
	local line=$1 dir=$2 tool=$2/build/tools/bpf/resolve_btfids source vmlinuz
	if [[ -e $dir/build/vmlinux && -e $tool/resolve_btfids ]]; then return 0; fi
	source=$(fetch_source "$line") || return 1
	mkdir -p "$dir/source" "$tool"
	tar -xf "$source" -C "$dir/source" --strip-components=1 linux-source-"$line"/{scripts,tools,include,Makefile} || return 1
	vmlinuz=$("$top/scripts/kernels" --path "$line") || return 1
	"$dir/source/scripts/extract-vmlinux" "$vmlinuz" >"$dir/build/vmlinux" || return 1
	make -s -C "$dir/source/tools/bpf/resolve_btfids" OUTPUT="$tool/" >&2 || return 1
	rm -rf "$dir/source"
}

# build_module LINE DIR: krsi.ko in DIR, against those headers.
build_module() {
	local line=$1 dir=$2 headers
	headers=$(fetch_headers "$line") || return 1
	rm -rf "$dir"
	mkdir -p "$dir"
	cp "$top"/kernel/module/{Kbuild,*.c,*.h} "$dir"
	# The kernel may be built by a newer gcc than this machine has; what only that one knows is left out.
	nice make -C "$headers/common" O="$(readlink -f "$headers/build")" M="$dir" CC=gcc HOSTCC=gcc CCACHE= \
		PAHOLE="$headers/usr/bin/pahole" CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT= KCFLAGS=-Werror modules
}

# build_tests DIR: the programs of kernel/tests and their BPF object.
build_tests() {
	local dir=$1 name flags
	mkdir -p "$dir"
	flags=$(pkg-config --cflags --libs libbpf cmocka) || return 1
	clang -target bpf -O2 -g -Wall -Werror -I"/usr/include/$(gcc -print-multiarch)" \
		-c "$top/kernel/tests/kernel.bpf.c" -o "$dir/kernel.bpf.o" || return 1
	for name in "${GUEST_TESTS[@]}"; do
		# shellcheck disable=SC2086 # words
		gcc -std=gnu11 -D_GNU_SOURCE -g -O2 -Wall -Wextra -Werror "$top/kernel/tests/$name.c" \
			"$top/kernel/tests/tools.c" -o "$dir/kernel_$name" $flags || return 1
	done
}

# run_suite SUITE ARGUMENT...: boot a kernel and run programs there; their cases are counted.
run_suite() {
	local code=0 results=${log%/*}/results.tsv
	local -a counts
	: >"$results"
	nice "$top/tests/vm/suite" -r "$results" "$@" >"$log" 2>&1 || code=$?
	grep -E '^(failed|skipped): ' "$log" || true
	tail -n 1 "$log"
	if ((code)); then
		# What the kernel said, or why nothing ran.
		grep -E '^vm: ' "$log" || true
		[[ -s $results ]] || { tail -n 40 "$log"; failed=$((failed + 1)); }
	fi
	if [[ -s $results ]]; then
		read -r -a counts < <(awk -F'\t' '{ n[$5]++ } END { print n["pass"] + 0, n["fail"] + 0, n["skip"] + 0 }' "$results")
		passed=$((passed + counts[0])) failed=$((failed + counts[1])) skipped=$((skipped + counts[2]))
	fi
	rm -f "$results"
}

# guest_tests DIR [SUITE OPTION]...: the programs of kernel/tests.
guest_tests() {
	local dir=$1
	shift
	run_suite -f "$dir/kernel.bpf.o" -p 300 "$@" "${GUEST_TESTS[@]/#/$dir/kernel_}"
}

# build_library DIR: libkrsi, its command, and its tests for virtual machines.
build_library() {
	local dir=$1
	[[ -e $dir/build.ninja ]] || meson setup "$dir" "$top" || return 1
	nice ninja -C "$dir" || return 1
	rm -rf "$dir/guest"
	mkdir -p "$dir/guest/bpf"
	cp "$dir"/tests/vm/*.bpf.o "$dir/guest/bpf/"
	cp "$dir"/tools/krsi "$dir"/examples/{exec-log,deleted-exe,memory-write,deny-exec} "$dir/guest/"
}

# library_tests DIR "TEST..." [SUITE OPTION]...: those of the library's tests; of what policies do, the engine alone.
library_tests() {
	local dir=$1 names
	read -r -a names <<<"$2"
	shift 2
	LD_LIBRARY_PATH=$dir/lib:$dir/lib/encode run_suite -f "$dir/guest:/test" -p 900 -e PARTS=engine "$@" "${names[@]/#/$dir/tests/vm/vm_}"
}
