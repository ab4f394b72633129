/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi load, with objects that nobody here wrote for it. */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

#define PIN_DIR "/sys/fs/bpf/load_test"

#define CGROUP "/sys/fs/cgroup/load_test"
#define BTF_COPY "/tmp/load.btf"

/* "--set only_tgid=" of this process. */
static const char *only_this_process(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "--set=only_tgid=%d", (int)getpid());
	return text;
}

static void cgroup_enter(const char *path)
{
	char file[128];
	int fd;

	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "0", 1), 1);
	close(fd);
}

static void load_start(const char *const argv[])
{
	tool_start(&(struct how){ .nobody = false }, argv);
	if (!tool_read_until("ready\n")) {
		tool_finish();
		run_assert(0, false, "ready", __FILE__, __LINE__);
	}
}

/* --- --check ---------------------------------------------------------------- */

static void test_check_of_a_good_object(void **state)
{
	struct vm_count before = vm_count();

	(void)state;
	tool("load", "--check", "bpf/mkdir.bpf.o");
	if (vm_bpf_is_active()) {
		assert_code(DONE);
		assert_string_equal(run.out, "bpf/mkdir.bpf.o\tmkdir_check\tlsm/inode_mkdir\tattached\t\n");
	} else {
		assert_code(FAILED);
		assert_out("bpf/mkdir.bpf.o\tmkdir_check\tlsm/inode_mkdir\trefused\tprogram mkdir_check: ");
		assert_out("boot with lsm=");
	}
	assert_string_equal(run.err, "");
	vm_wait_for_count(before);
}

static void test_check_lets_one_program_fail_alone(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	tool("load", "--check", "bpf/refused.bpf.o");
	assert_code(PARTLY);
	assert_out("bpf/refused.bpf.o\tgood\tlsm/file_open\tattached\t\n");
	assert_out("bpf/refused.bpf.o\tbad\tlsm/file_open\trefused\tprogram bad: the verifier refused it: ");
	assert_int_equal(count(run.out, '\n'), 2);	/* the reason has more lines than one */
	assert_int_equal(count(run.out, '\t'), 2 * 4);

	tool("load", "--check", "--without", "bad", "bpf/refused.bpf.o");
	assert_code(DONE);
	assert_out("\tbad\tlsm/file_open\tskipped\t");
	tool("load", "--check", "--without", "good", "bpf/refused.bpf.o");
	assert_code(FAILED);
	tool("load", "--check", "--without=good", "--without=bad", "bpf/refused.bpf.o");
	assert_code(FAILED);
	assert_err("--with PROG");
}

static void test_check_of_programs_that_refuse_every_write_is_told(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	tool("load", "--check", "bpf/mute.bpf.o", "bpf/mkdir.bpf.o");
	assert_code(DONE);
	assert_string_equal(run.out, "bpf/mute.bpf.o\tmute\tlsm/file_permission\tattached\t\n"
			    "bpf/mkdir.bpf.o\tmkdir_check\tlsm/inode_mkdir\tattached\t\n");
	assert_string_equal(run.err, "");
}

static void test_check_of_an_unknown_hook(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	tool("load", "--check", "bpf/unknown_hook.bpf.o");
	assert_code(PARTLY);
	assert_out("bpf/unknown_hook.bpf.o\tmisspelt\tlsm/file_opne\trefused\t");
	assert_out("did you mean file_open");
	assert_out("bpf/unknown_hook.bpf.o\twell_spelt\tlsm/file_open\tattached\t\n");
}

static void test_check_of_an_object_that_is_wrong_as_a_whole(void **state)
{
	(void)state;
	tool("load", "--check", "bpf/missing_symbol.bpf.o");
	assert_code(FAILED);
	assert_out("bpf/missing_symbol.bpf.o\tmind_reader\tlsm/file_open\trefused\t");
	assert_out("bpf_read_minds");
}

static void test_check_of_every_kind(void **state)
{
	bool active = vm_bpf_is_active(), cgroup = active && vm_kernel_at_least(6, 0);

	(void)state;
	tool("load", "--check", "--cgroup", "/sys/fs/cgroup", "bpf/kinds.bpf.o");
	assert_code(PARTLY);	/* kind_socket cannot be attached */
	assert_int_equal(count(run.out, '\t'), 4 * count(run.out, '\n'));
	assert_out(active ? "\tkind_lsm\tlsm/file_open\tattached\t\n" : "\tkind_lsm\tlsm/file_open\trefused\tprogram");
	assert_out(cgroup ? "\tkind_lsm_cgroup\tlsm_cgroup/socket_create\tattached\t\n" :
		   "\tkind_lsm_cgroup\tlsm_cgroup/socket_create\trefused\tprogram");
	assert_out("\tkind_fmod_ret\tfmod_ret/security_file_open\tattached\t\n");
	assert_out("\tkind_tracepoint\ttracepoint/sched/sched_process_fork\tattached\t\n");
	assert_out("\tkind_iter\titer/task\tattached\t\n");
	assert_out("\tkind_socket\tsocket\tloaded\tits section does not say where");
	/* libbpf gives section names without the mark. */
	assert_out("\tkind_on_request\tlsm/file_permission\tskipped\tits section is marked ?");
	if (!cgroup)
		return;
	tool("load", "--check", "--cgroup", "/sys/fs/cgroup", "--without", "kind_socket", "bpf/kinds.bpf.o");
	assert_code(DONE);
	tool("load", "--check", "--with", "kind_on_request", "bpf/kinds.bpf.o");
	assert_code(PARTLY);
	assert_out("\tkind_on_request\tlsm/file_permission\tattached\t\n");
	assert_out("\tkind_lsm_cgroup\tlsm_cgroup/socket_create\trefused\t"
		   "program kind_lsm_cgroup: an lsm_cgroup program needs --cgroup DIR, a cgroup's directory\n");
}

static void test_check_of_several_objects_keeps_their_order(void **state)
{
	struct vm_count before = vm_count();

	(void)state;
	skip_unless_lsm_active();
	tool("load", "--check", "bpf/mkdir.bpf.o", "missing.bpf.o", "bpf/no_btf.bpf.o", "bpf/mkdir.bpf.o");
	assert_code(PARTLY);
	assert_ptr_equal(strstr(run.out, "bpf/mkdir.bpf.o\tmkdir_check\tlsm/inode_mkdir\tattached\t\n"
				"missing.bpf.o\t-\t-\trefused\t"), run.out);
	assert_out("\nbpf/no_btf.bpf.o\t-\t-\trefused\t");
	assert_err("krsi: object missing.bpf.o: ");
	assert_int_equal(count(run.out, '\n'), 4);
	vm_wait_for_count(before);
}

static void test_check_without_privilege_names_the_capability(void **state)
{
	(void)state;
	tool_how((&(struct how){ .nobody = true }), "load", "--check", "bpf/mkdir.bpf.o");
	assert_code(FAILED);
	assert_out("\trefused\t");
	assert_out("CAP_BPF");
}

/* --- in the foreground ------------------------------------------------------ */

static void test_load_denies_until_a_signal_ends_it(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	struct vm_count before = vm_count();
	size_t i;

	(void)state;
	skip_unless_lsm_active();
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		load_start((const char *const[]){ "krsi", "load", only_this_process(), "bpf/mkdir.bpf.o", NULL });
		assert_string_equal(run.out, "bpf/mkdir.bpf.o\tmkdir_check\tlsm/inode_mkdir\tattached\t\nready\n");
		assert_int_equal(vm_mkdir("denied"), EACCES);
		assert_int_equal(vm_mkdir("allowed"), 0);
		kill(run.pid, signals[i]);
		tool_finish();
		assert_code(DONE);
		assert_out("bpf/mkdir.bpf.o\tevents\t2 records\t64 bytes\t0 lost\ndetached\n");
		assert_string_equal(run.err, "");
		assert_int_equal(vm_mkdir("denied"), 0);
	}
	vm_wait_for_count(before);
}

static void test_load_shows_records_when_asked(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	load_start((const char *const[]){ "krsi", "load", "-v", "--map-size", "events=64K", only_this_process(), "bpf/mkdir.bpf.o", NULL });
	assert_int_equal(vm_mkdir("denied"), EACCES);
	assert_true(tool_read_until("bpf/mkdir.bpf.o\tevents\t32\t010000000000000064656e696564000000000000000000000000000000000000\n"));
	kill(run.pid, SIGTERM);
	tool_finish();
	assert_code(DONE);
}

static void test_load_decodes_records(void **state)
{
	static const char *const options[] = { "--decode", "--type=events=struct record" };
	size_t i;

	(void)state;
	skip_unless_lsm_active();
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		load_start((const char *const[]){ "krsi", "load", options[i], only_this_process(), "bpf/mkdir.bpf.o", NULL });
		assert_int_equal(vm_mkdir("denied"), EACCES);
		assert_true(tool_read_until("bpf/mkdir.bpf.o\tevents\t32\t{number=1 name=\"denied\"}\n"));
		kill(run.pid, SIGTERM);
		tool_finish();
		assert_code(DONE);
		assert_string_equal(run.err, "");
	}
}

/* Nobody tells on stdout when it is ready, so directories are made until a record is there. */
static void test_load_gives_records_as_json(void **state)
{
	struct pollfd ready;
	int tries;

	(void)state;
	skip_unless_lsm_active();
	tool_start(&(struct how){ .nobody = false },
		   (const char *const[]){ "krsi", "load", "--json", only_this_process(), "bpf/mkdir.bpf.o", NULL });
	ready = (struct pollfd){ .fd = run.fd, .events = POLLIN };
	for (tries = 0; tries < 400 && poll(&ready, 1, 100) == 0; tries++)
		vm_mkdir("denied");
	assert_true(tool_read_until("}\n"));
	assert_ptr_equal(strstr(run.out, "{\"object\":\"bpf/mkdir.bpf.o\",\"ring\":\"events\",\"size\":32,\"type\":\"record\","
				"\"record\":{\"number\":1,\"name\":\"denied\"}}\n"), run.out);
	kill(run.pid, SIGTERM);
	tool_finish();
	assert_code(DONE);
	assert_not_out("detached");
	assert_err("\nready\n");
	assert_err("\tevents\t");
	assert_err("\ndetached\n");
}

static void test_load_reads_perf_buffers(void **state)
{
	static const char *const options[] = { "--decode", "--type=samples=sample" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		load_start((const char *const[]){ "krsi", "load", options[i], only_this_process(), "bpf/perf.bpf.o", NULL });
		assert_out("\tsample\tfentry/security_inode_mkdir\tattached\t\n");
		vm_mkdir("seen");
		assert_true(tool_read_until("bpf/perf.bpf.o\tsamples\t36\t{number=1 name=\"seen\" cpu="));
		kill(run.pid, SIGTERM);
		tool_finish();
		assert_code(DONE);
		assert_out("bpf/perf.bpf.o\tsamples\t1 records\t36 bytes\t0 lost\ndetached\n");
		assert_string_equal(run.err, "");
	}
}

/* Stopped, it reads nothing, so that the buffer of one page overflows. */
static void test_load_counts_what_a_perf_buffer_loses(void **state)
{
	const unsigned int made = 500;
	unsigned int records, lost, i;
	char *counts;

	(void)state;
	load_start((const char *const[]){ "krsi", "load", "--perf-pages=1", only_this_process(), "bpf/perf.bpf.o", NULL });
	kill(run.pid, SIGSTOP);
	for (i = 0; i < made; i++)
		vm_mkdir("x");
	kill(run.pid, SIGTERM);
	kill(run.pid, SIGCONT);
	tool_finish();
	assert_code(DONE);
	counts = strstr(run.out, "\tsamples\t");
	assert_non_null(counts);
	assert_int_equal(sscanf(counts, " samples %u records %*u bytes %u lost", &records, &lost), 2);
	assert_true(records > 0 && records < made);
	if (vm_kernel_at_least(6, 0))	/* before, the kernel tells with the next record */
		assert_int_equal(records + lost, made);
}

static void test_load_sets_variables_of_each_size(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	/* `seen` has 8 bytes, `enforce` 4. */
	load_start((const char *const[]){ "krsi", "load", "--set", "enforce=0", "--set", "seen=0x1ffffffff", only_this_process(),
					  "bpf/mkdir.bpf.o", NULL });
	assert_int_equal(vm_mkdir("denied"), 0);
	kill(run.pid, SIGTERM);
	tool_finish();
	assert_code(DONE);
	assert_out("\t1 records\t");
}

static void test_load_refuses_wishes_that_no_object_can_fulfil(void **state)
{
	static const struct {
		const char *option, *words;
	} cases[] = {
		{ "--set=only_tgd=1", "did you mean only_tgid?" },
		{ "--set=enforce=0x100000000", "does not fit into 4 bytes" },
		{ "--set=enforce=-2147483649", "does not fit into 4 bytes" },
		{ "--set=padding_of_an_odd_size=1", "another size" },
		{ "--map-size=event=4096", "did you mean events" },
		{ "--target=mkdir_chek=inode_mknod", "did you mean mkdir_check?" },
		{ "--target=mkdir_check=inode_mkdri", "did you mean inode_mkdir" },
		{ "--without=nothing_like_it", "nothing_like_it" },
		{ "--type=event=record", "it has no ring buffer or perf buffer event" },
		{ "--type=counts=record", "it has no ring buffer or perf buffer counts" },
		{ "--type=events=recrd", "did you mean record?" },
		{ "--cgroup=/tmp", "not a cgroup of version 2" },
		{ "--cgroup=/nowhere", "No such file" },
		{ "--kconfig=/nowhere", "No such file" },
		{ "--btf=/nowhere", "/nowhere" },
	};
	struct vm_count before = vm_count();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tool("load", cases[i].option, "bpf/mkdir.bpf.o");
		assert_code(FAILED);
		assert_err("krsi: ");
		assert_err(cases[i].words);
		assert_not_out("ready");
	}
	vm_wait_for_count(before);
}

static void test_load_moves_a_program(void **state)
{
	int fd;

	(void)state;
	skip_unless_lsm_active();
	/* inode_create takes the same arguments. */
	load_start((const char *const[]){ "krsi", "load", "--target", "mkdir_check=inode_create", only_this_process(),
					  "bpf/mkdir.bpf.o", NULL });
	assert_int_equal(vm_mkdir("denied"), 0);
	fd = open("/tmp/denied", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(fd < 0 ? errno : 0, EACCES);
	kill(run.pid, SIGTERM);
	tool_finish();
	assert_code(DONE);
}

static void test_load_is_whole_or_nothing(void **state)
{
	struct vm_count before = vm_count();

	(void)state;
	skip_unless_lsm_active();
	tool("load", "bpf/mkdir.bpf.o", "bpf/refused.bpf.o");
	assert_code(FAILED);
	assert_not_out("ready");
	assert_err("krsi: object refused: not loaded: program bad: the verifier refused it");
	vm_wait_for_count(before);

	tool("load", "-v", "bpf/refused.bpf.o");
	assert_code(FAILED);
	assert_err("krsi: program bad: the verifier wrote:\n");
	assert_err("krsi: processed ");

	load_start((const char *const[]){ "krsi", "load", "--optional", "all", only_this_process(), "bpf/mkdir.bpf.o",
					  "bpf/refused.bpf.o", NULL });
	assert_out("\tbad\tlsm/file_open\trefused\t");
	assert_int_equal(vm_mkdir("denied"), EACCES);
	kill(run.pid, SIGTERM);
	tool_finish();
	assert_code(DONE);
	vm_wait_for_count(before);
}

static void test_load_never_enforces_nothing(void **state)
{
	(void)state;
	if (vm_bpf_is_active())
		skip_because("bpf is in the active LSM list of this boot");
	tool("load", "bpf/mkdir.bpf.o");
	assert_code(FAILED);
	assert_err("boot with lsm=");
	tool("load", "--optional=all", "bpf/mkdir.bpf.o");
	assert_code(FAILED);
	assert_err("none of its programs is attached");
	assert_not_out("ready");
}

static void test_load_in_front_of_the_function_that_calls_a_hook(void **state)
{
	(void)state;
	tool("load", "--check", "--fmod-ret", "mkdir_check", "bpf/mkdir.bpf.o");
	assert_code(DONE);
	assert_string_equal(run.out, "bpf/mkdir.bpf.o\tmkdir_check\tlsm/inode_mkdir\tattached\t\n");
	/* It sleeps, or is no program of a hook: named it is a mistake, and "all" leaves it as it is. */
	tool("load", "--check", "--fmod-ret", "kind_lsm_s", "bpf/kinds.bpf.o");
	assert_code(FAILED);
	assert_err("program kind_lsm_s: it may sleep");
	tool("load", "--check", "--fmod-ret", "all", "bpf/kinds.bpf.o");
	assert_out("\tkind_lsm\tlsm/file_open\tattached\t\n");
	assert_out("\tkind_fmod_ret\tfmod_ret/security_file_open\tattached\t\n");
}

/* The processes of one cgroup are refused, and no others. */
static void test_load_attaches_to_the_cgroup(void **state)
{
	int fd;

	(void)state;
	if (!vm_kernel_at_least(6, 0))
		skip_because("lsm_cgroup programs came with Linux 6.0");
	skip_unless_lsm_active();
	assert_int_equal(mkdir(CGROUP, 0755), 0);
	load_start((const char *const[]){ "krsi", "load", "--cgroup", CGROUP, "bpf/cgroup.bpf.o", NULL });
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	close(fd);
	cgroup_enter(CGROUP);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cgroup_enter("/sys/fs/cgroup");
	assert_int_equal(fd, -1);
	kill(run.pid, SIGTERM);
	tool_finish();
	assert_code(DONE);
	assert_int_equal(rmdir(CGROUP), 0);
}

static void test_load_wants_a_cgroup(void **state)
{
	(void)state;
	if (!vm_kernel_at_least(6, 0))
		skip_because("lsm_cgroup programs came with Linux 6.0");
	skip_unless_lsm_active();
	tool("load", "bpf/kinds.bpf.o");
	assert_code(FAILED);
	assert_err("--cgroup DIR");
}

/* Both write into it, and it is read and counted once. */
static void test_objects_share_a_map_that_is_pinned_by_name(void **state)
{
	const char *counts;

	(void)state;
	load_start((const char *const[]){ "krsi", "load", "-v", only_this_process(), "bpf/shared.bpf.o", "bpf/shared.bpf.o", NULL });
	vm_mkdir("x");
	vm_mkdir("x");
	kill(run.pid, SIGTERM);
	tool_finish();
	assert_code(DONE);
	counts = strstr(run.out, "bpf/shared.bpf.o\tshared_ring\t4 records\t32 bytes\tlosses not counted\n");
	run_assert(DONE, counts, "counts", __FILE__, __LINE__);
	assert_null(strstr(strchr(counts, '\n'), "shared_ring"));
	assert_int_equal(unlink("/sys/fs/bpf/shared_ring"), 0);
}

static void test_functions_that_are_weak_may_be_missing(void **state)
{
	(void)state;
	tool("load", "--check", "bpf/weak.bpf.o");
	assert_code(DONE);
	assert_string_equal(run.out, "bpf/weak.bpf.o\tnote_calls\tfentry/security_task_getpgid\tattached\t\n");
}

static void test_struct_ops_are_left_alone_with_a_reason(void **state)
{
	(void)state;
	tool("load", "--check", "bpf/struct_ops.bpf.o");
	assert_code(PARTLY);
	assert_int_equal(count(run.out, '\n'), 4);
	assert_out("\tssthresh\tstruct_ops/ssthresh\tloaded\tit belongs to a struct_ops map, which libkrsi does not register");
	assert_out("\tcong_avoid\tstruct_ops/cong_avoid\tloaded\t");
	assert_out("\tbeside\tfentry/security_file_open\tattached\t\n");
}

static void btf_hide(bool hide)
{
	assert_int_equal(hide ? mount("none", "/sys/kernel/btf", "tmpfs", 0, NULL) : umount("/sys/kernel/btf"), 0);
}

/* As on a kernel that was built without it, where a file has to do. */
static void test_kernel_without_types_takes_those_of_a_file(void **state)
{
	(void)state;
	vm_btf_copy(BTF_COPY);
	btf_hide(true);
	tool("load", "--check", "bpf/fitted.bpf.o");
	btf_hide(false);
	assert_code(FAILED);
	assert_out("\tnote_fork\ttracepoint/sched/sched_process_fork\trefused\t");
	assert_out("this kernel has no type information");
	assert_out("--btf FILE\n");
	btf_hide(true);
	tool("load", "--check", "--btf", BTF_COPY, "bpf/fitted.bpf.o");
	btf_hide(false);
	assert_code(DONE);
	assert_string_equal(run.out, "bpf/fitted.bpf.o\tnote_fork\ttracepoint/sched/sched_process_fork\tattached\t\n");
}

static void test_load_takes_btf_and_kconfig_from_files(void **state)
{
	FILE *file;

	(void)state;
	if (access("/proc/config.gz", F_OK) == 0)
		skip_because("this kernel has its configuration in /proc/config.gz");
	tool("load", "--check", "bpf/kconfig.bpf.o");
	assert_code(FAILED);
	assert_out("give its text with --kconfig FILE\n");
	tool("load", "bpf/kconfig.bpf.o");
	assert_code(FAILED);
	assert_err("give its text with --kconfig FILE\n");
	file = fopen("/tmp/tool_kconfig", "w");
	assert_non_null(file);
	fputs("CONFIG_HZ=250\n", file);
	fclose(file);
	tool("load", "--check", "--kconfig", "/tmp/tool_kconfig", "--btf", "/sys/kernel/btf/vmlinux", "bpf/kconfig.bpf.o");
	assert_code(DONE);
}

static void test_pinned_programs_stay(void **state)
{
	int tries;

	(void)state;
	skip_unless_lsm_active();
	tool("load", "--pin", PIN_DIR, only_this_process(), "bpf/mkdir.bpf.o");
	assert_code(DONE);
	assert_out("\npinned\t" PIN_DIR "\n");
	assert_not_out("ready");
	assert_int_equal(vm_mkdir("denied"), EACCES);
	tool("load", "--pin", PIN_DIR, only_this_process(), "bpf/mkdir.bpf.o");
	assert_code(FAILED);
	assert_err(PIN_DIR);
	assert_int_equal(system("rm -r " PIN_DIR), 0);
	/* The kernel lets go of an unpinned link in the background. */
	for (tries = 0; tries < 500 && vm_mkdir("denied"); tries++)
		usleep(20 * 1000);
	assert_int_equal(vm_mkdir("denied"), 0);
	tool("load", "--pin", "/tmp/tool_test", "bpf/mkdir.bpf.o");
	assert_code(FAILED);
	assert_err("mount -t bpf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_of_a_good_object),
		cmocka_unit_test(test_check_lets_one_program_fail_alone),
		cmocka_unit_test(test_check_of_programs_that_refuse_every_write_is_told),
		cmocka_unit_test(test_check_of_an_unknown_hook),
		cmocka_unit_test(test_check_of_an_object_that_is_wrong_as_a_whole),
		cmocka_unit_test(test_check_of_every_kind),
		cmocka_unit_test(test_check_of_several_objects_keeps_their_order),
		cmocka_unit_test(test_check_without_privilege_names_the_capability),
		cmocka_unit_test(test_load_denies_until_a_signal_ends_it),
		cmocka_unit_test(test_load_shows_records_when_asked),
		cmocka_unit_test(test_load_decodes_records),
		cmocka_unit_test(test_load_gives_records_as_json),
		cmocka_unit_test(test_load_reads_perf_buffers),
		cmocka_unit_test(test_load_counts_what_a_perf_buffer_loses),
		cmocka_unit_test(test_load_sets_variables_of_each_size),
		cmocka_unit_test(test_load_refuses_wishes_that_no_object_can_fulfil),
		cmocka_unit_test(test_load_moves_a_program),
		cmocka_unit_test(test_load_is_whole_or_nothing),
		cmocka_unit_test(test_load_never_enforces_nothing),
		cmocka_unit_test(test_load_in_front_of_the_function_that_calls_a_hook),
		cmocka_unit_test(test_load_attaches_to_the_cgroup),
		cmocka_unit_test(test_load_wants_a_cgroup),
		cmocka_unit_test(test_objects_share_a_map_that_is_pinned_by_name),
		cmocka_unit_test(test_functions_that_are_weak_may_be_missing),
		cmocka_unit_test(test_struct_ops_are_left_alone_with_a_reason),
		cmocka_unit_test(test_kernel_without_types_takes_those_of_a_file),
		cmocka_unit_test(test_load_takes_btf_and_kconfig_from_files),
		cmocka_unit_test(test_pinned_programs_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
