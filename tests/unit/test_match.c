/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What docs/policy.md says, in cases: the matcher in user space, on images as the kernel gets them. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "alloc/inject.h"
#include "match_oracle.h"
#include "policy_tools.h"

#define POLICIES_MAX 3
#define HEAD "version: 1\nname: test\nrules:\n"
#define OP(name) .operation = KRSI_PRIV_OP_##name
#define PATH(text) .location.path = { text, sizeof(text) - 1 }
#define FILE_AT(text) { PATH(text), .roles = 1u << IMAGE_ROLE_PATH, .has_attributes = true, .mode = S_IFREG | 0644, .filesystem = "ext4" }
#define ONE_FILE(text) .files = { FILE_AT(text) }, .file_count = 1
#define NAME(text) { text, sizeof(text) - 1 }
#define EXE(text) .exe.path = { text, sizeof(text) - 1 }

static const struct krsi_priv_object_id etc = { 8 << 20 | 1, 2 }, shadow = { 8 << 20 | 1, 3 };
static const struct oracle_file files[] = {
	{ "/etc", { 8 << 20 | 1, 2 }, true }, { "/etc/shadow", { 8 << 20 | 1, 3 }, false }, { "/usr/bin/passwd", { 8 << 20 | 1, 4 }, false },
};
static struct oracle_world world = { files, ARRAY_SIZE(files), { 1, 2, 3, 4, 5, 6, 7, 8 } };

static const struct krsi_priv_process init = { EXE("/sbin/init"), .login_uid = UINT32_MAX, .cgroup = "", .namespaces = { 1, 2, 3, 4, 5, 6, 7, 8 } };
static const struct krsi_priv_process nginx = {
	EXE("/usr/sbin/nginx"), .uid = 33, .gid = 33, .login_uid = UINT32_MAX, .cgroup = "/system.slice/nginx.service/worker", .parent = &init,
};
static const struct krsi_priv_process cgi = { EXE("/usr/lib/cgi"), .uid = 33, .login_uid = UINT32_MAX, .cgroup = "", .parent = &nginx };
static const struct krsi_priv_process shell = {
	EXE("/bin/bash"), .uid = 1000, .gid = 1000, .groups = (const uint32_t[]){ 27, 100 }, .group_count = 2, .login_uid = 1000,
	.capabilities = 1 << 5, .cgroup = "/user.slice", .container = "0123abcd", .namespaces = { 1, 2, 33, 4, 5, 6, 7, 8 },
	.tags = (const char *const[]){ "downloaded" }, .tag_count = 1, .parent = &cgi,
};
static const struct krsi_priv_process passwd = { EXE("/usr/bin/passwd"), .uid = 0, .login_uid = 1000, .cgroup = "", .parent = &shell };

/* A question, and the answer: what is told is "rule", "would:rule" or "unresolved:rule", one behind the other. */
struct asked {
	const char *claim;
	struct krsi_priv_question question;
	int error;
	uint32_t signal;
	const char *by;		/* NULL: nothing refuses */
	const char *told;
};

struct compiled {
	const struct krsi_policy *policies[POLICIES_MAX];
	size_t policy_count;
	struct krsi_priv_bits tags, predicates;
	struct krsi_priv_image image;
};

static void compile(struct krsi_ctx *ctx, struct compiled *compiled, const char *const *texts, size_t count)
{
	struct krsi_priv_compile how = {
		.generation = 1, .secret = 0xfeedbeef, .resolve = oracle_resolve, .resolve_data = &world,
		.tags = &compiled->tags, .predicates = &compiled->predicates,
	};

	memcpy(how.host_namespaces, world.host_namespaces, sizeof(how.host_namespaces));
	for (compiled->policy_count = 0; compiled->policy_count < count; compiled->policy_count++)
		compiled->policies[compiled->policy_count] = policy_parse(ctx, texts[compiled->policy_count]);
	assert_ok(ctx, krsi_priv_image_compile(ctx, compiled->policies, count, &how, &compiled->image));
}

static void compiled_free(struct compiled *compiled)
{
	krsi_priv_image_free(&compiled->image);
	krsi_priv_bits_free(&compiled->tags);
	krsi_priv_bits_free(&compiled->predicates);
	while (compiled->policy_count)
		krsi_policy_free((struct krsi_policy *)(uintptr_t)compiled->policies[--compiled->policy_count]);
}

static const char *told_name(const struct compiled *compiled, const struct krsi_priv_told *told)
{
	return told->kind == IMAGE_DEFAULT ? "default" : compiled->policies[told->policy]->rules[told->rule].name;
}

static void told_text(const struct compiled *compiled, const struct krsi_priv_answer *answer, char *text, size_t size)
{
	size_t used = 0, i;

	text[0] = '\0';
	for (i = 0; i < answer->told_count; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s%s%s", i ? " " : "", answer->told[i].outcome & 2 ? "unresolved:" : "",
					 answer->told[i].outcome & 1 ? "would:" : "", told_name(compiled, &answer->told[i]));
}

static void answer_check(const struct compiled *compiled, const struct asked *asked, const struct krsi_priv_answer *answer)
{
	const char *by = answer->by.kind ? told_name(compiled, &answer->by) : "nothing";
	char told[256];

	told_text(compiled, answer, told, sizeof(told));
	if (answer->error == asked->error && answer->signal == asked->signal && strcmp(by, asked->by ? asked->by : "nothing") == 0 &&
	    strcmp(told, asked->told ? asked->told : "") == 0)
		return;
	fail_msg("%s: error %d, signal %u, by %s, told \"%s\"", asked->claim, answer->error, answer->signal, by, told);
}

/* Ask the image, and the plain reading of the policies as well: a case that is wrong is found out. */
static void ask(const struct compiled *compiled, const struct asked *asked)
{
	struct krsi_priv_question question = asked->question;
	static struct oracle_answer truth;
	struct krsi_priv_answer answer = { 0 };

	if (!question.subject)
		question.subject = &shell;
	question.tag_bits = &compiled->tags;
	assert_int_equal(krsi_priv_match(&compiled->image, &question, &answer), 0);
	answer_check(compiled, asked, &answer);
	krsi_priv_answer_free(&answer);
	oracle_ask(compiled->policies, compiled->policy_count, &world, &question, &truth);
	answer_check(compiled, asked, &(struct krsi_priv_answer){
		.error = truth.error, .signal = truth.signal, .by = truth.by, .told = truth.told, .told_count = truth.told_count });
}

static void ask_all(struct krsi_ctx *ctx, const char *const *texts, size_t policy_count, const struct asked *asked, size_t count)
{
	struct compiled compiled = { .policy_count = 0 };
	size_t i;

	compile(ctx, &compiled, texts, policy_count);
	for (i = 0; i < count; i++)
		ask(&compiled, &asked[i]);
	compiled_free(&compiled);
}

#define ASK(ctx, text, asked) ask_all((ctx), (const char *const[]){ text }, 1, (asked), ARRAY_SIZE(asked))
#define ASK_SEVERAL(ctx, texts, asked) ask_all((ctx), (texts), ARRAY_SIZE(texts), (asked), ARRAY_SIZE(asked))

static void test_match_the_example_of_the_page(void **state)
{
	static const char text[] = HEAD
		"  - { name: nothing-runs-from-tmp, on: process.exec, object: { path: [\"/tmp/**\", \"/dev/shm/**\"] }, action: deny }\n"
		"  - name: shadow-is-for-passwd\n"
		"    on: [file.write, file.read]\n"
		"    object: { path: /etc/shadow }\n"
		"    unless: { exe: [/usr/bin/passwd, /usr/sbin/unix_chkpwd] }\n"
		"    action: { deny: EACCES }\n"
		"  - name: shell-from-nginx\n"
		"    on: process.exec\n"
		"    subject: { descendant_of: { exe: /usr/sbin/nginx } }\n"
		"    object: { path: [\"/bin/*sh\", \"/usr/bin/*sh\"] }\n"
		"    action: kill\n"
		"  - name: egress\n"
		"    on: network.connect\n"
		"    subject: { cgroup: /system.slice/nginx.service }\n"
		"    object: { address: \"!10.0.0.0/8\", port: 1-1023 }\n"
		"    action: { deny: ECONNREFUSED, limit: 10/s }\n";
	static const struct asked asked[] = {
		{ "a program in /tmp", { OP(PROCESS_EXEC), ONE_FILE("/tmp/x/y") }, EPERM, 0, "nothing-runs-from-tmp", "nothing-runs-from-tmp" },
		{ "the directory itself", { OP(PROCESS_EXEC), ONE_FILE("/tmp") }, 0, 0, NULL, NULL },
		{ "another operation", { OP(FILE_OPEN), ONE_FILE("/tmp/x/y") }, 0, 0, NULL, NULL },
		{ "shadow, for a shell", { OP(FILE_READ), ONE_FILE("/etc/shadow") }, EACCES, 0, "shadow-is-for-passwd", "shadow-is-for-passwd" },
		{ "shadow, for passwd", { OP(FILE_READ), .subject = &passwd, ONE_FILE("/etc/shadow") }, 0, 0, NULL, NULL },
		{ "its link to another name", { OP(FILE_LINK), .files = { FILE_AT("/etc/shadow"), FILE_AT("/home/a/x") }, .file_count = 2 },
		  EACCES, 0, "shadow-is-for-passwd", "shadow-is-for-passwd" },
		{ "a file called like it", { OP(FILE_READ), ONE_FILE("/etc/shadow-") }, 0, 0, NULL, NULL },
		{ "a shell, by a grandchild of nginx", { OP(PROCESS_EXEC), ONE_FILE("/bin/dash") }, EPERM, SIGKILL, "shell-from-nginx", "shell-from-nginx" },
		{ "a shell, by a child of nginx", { OP(PROCESS_EXEC), .subject = &cgi, ONE_FILE("/usr/bin/zsh") }, EPERM, SIGKILL, "shell-from-nginx", "shell-from-nginx" },
		{ "a shell, by nginx itself", { OP(PROCESS_EXEC), .subject = &nginx, ONE_FILE("/bin/dash") }, 0, 0, NULL, NULL },
		{ "no shell", { OP(PROCESS_EXEC), ONE_FILE("/bin/ls") }, 0, 0, NULL, NULL },
		{ "out of the network", { OP(NETWORK_CONNECT), .subject = &nginx, .has_address = true, .address = { [10] = 0xff, 0xff, 9, 9, 9, 9 }, .has_port = true, .port = 443 },
		  ECONNREFUSED, 0, "egress", "egress" },
		{ "within the network", { OP(NETWORK_CONNECT), .subject = &nginx, .has_address = true, .address = { [10] = 0xff, 0xff, 10, 9, 9, 9 }, .has_port = true, .port = 443 },
		  0, 0, NULL, NULL },
		{ "a high port", { OP(NETWORK_CONNECT), .subject = &nginx, .has_address = true, .address = { 0x20, 1 }, .has_port = true, .port = 1024 }, 0, 0, NULL, NULL },
		{ "another cgroup", { OP(NETWORK_CONNECT), .subject = &cgi, .has_address = true, .address = { 0x20, 1 }, .has_port = true, .port = 443 }, 0, 0, NULL, NULL },
	};

	ASK(*state, text, asked);
}

static void test_match_the_first_that_decides_wins(void **state)
{
	static const char text[] = "version: 1\nname: test\ndefault: { file.open: { deny: EROFS }, file: deny }\nrules:\n"
		"  - { name: a, on: file.open, object: { path: /a }, action: audit }\n"
		"  - { name: quiet, on: file.open, object: { path: [/a, /b] }, action: allow }\n"
		"  - { name: never, on: file.open, object: { path: /a }, action: kill }\n"
		"  - { name: c, on: file.open, object: { path: /c }, action: { deny: EACCES }, report: false }\n"
		"  - { name: d, on: file.open, object: { path: /d }, action: { signal: TERM } }\n";
	static const struct asked asked[] = {
		{ "audit goes on, allow decides", { OP(FILE_OPEN), ONE_FILE("/a") }, 0, 0, NULL, "a" },
		{ "allow is quiet", { OP(FILE_OPEN), ONE_FILE("/b") }, 0, 0, NULL, NULL },
		{ "deny without a report", { OP(FILE_OPEN), ONE_FILE("/c") }, EACCES, 0, "c", NULL },
		{ "a signal", { OP(FILE_OPEN), ONE_FILE("/d") }, EPERM, SIGTERM, "d", "d" },
		{ "the default of the operation", { OP(FILE_OPEN), ONE_FILE("/e") }, EROFS, 0, "default", "default" },
		{ "the default of the group", { OP(FILE_UNLINK), ONE_FILE("/a") }, EPERM, 0, "default", "default" },
		{ "no default", { OP(KERNEL_BPF) }, 0, 0, NULL, NULL },
	};

	ASK(*state, text, asked);
}

static void test_match_what_is_open_already(void **state)
{
	static const char text[] = "version: 1\nname: test\ndefault: { file.read: { deny: EROFS } }\nrules:\n"
		"  - { name: allow, on: file.read, subject: { uid: 0 }, object: { path: /a }, action: allow }\n"
		"  - { name: plain, on: file.read, object: { path: /a }, action: { deny: EACCES } }\n"
		"  - { name: opened, on: file.read, object: { path: /a }, unless: { uid: 33 }, already_open: true, action: deny }\n"
		"  - { name: writing, on: file.write, object: { path: /b }, already_open: true, mode: permissive, action: deny }\n"
		"  - { name: opening, on: file.open, object: { path: /c }, already_open: true, action: audit }\n";
	static const struct asked asked[] = {
		{ "opening it is for all rules", { OP(FILE_READ), ONE_FILE("/a") }, EACCES, 0, "plain", "plain" },
		{ "using it for those with already_open", { OP(FILE_READ_OPENED), ONE_FILE("/a") }, EPERM, 0, "opened", "opened" },
		{ "but who may open it", { OP(FILE_READ_OPENED), .subject = &passwd, ONE_FILE("/a") }, 0, 0, NULL, NULL },
		{ "and the exception", { OP(FILE_READ_OPENED), .subject = &nginx, ONE_FILE("/a") }, 0, 0, NULL, NULL },
		{ "opening has a default", { OP(FILE_READ), ONE_FILE("/x") }, EROFS, 0, "default", "default" },
		{ "using has not", { OP(FILE_READ_OPENED), ONE_FILE("/x") }, 0, 0, NULL, NULL },
		{ "a permissive one", { OP(FILE_WRITE_OPENED), ONE_FILE("/b") }, 0, 0, NULL, "would:writing" },
		{ "appending is in the word", { OP(FILE_APPEND_OPENED), ONE_FILE("/b") }, 0, 0, NULL, "would:writing" },
		{ "reading is not", { OP(FILE_READ_OPENED), ONE_FILE("/b") }, 0, 0, NULL, NULL },
		{ "any use", { OP(FILE_OPEN_OPENED), ONE_FILE("/c") }, 0, 0, NULL, "opening" },
	};

	ASK(*state, text, asked);
}

static void test_match_lists_mean_any_of_these_but_those(void **state)
{
	static const char text[] = HEAD
		"  - { name: etc, on: file.open, object: { path: [\"/etc/**\", \"!/etc/ssl/**\"] }, action: deny }\n"
		"  - { name: owner, on: file.unlink, object: { owner: [\"!0\", \"!5-9\"] }, action: deny }\n"
		"  - { name: names, on: file.rename, object: { path: [/x, \"!/y\"] }, action: deny }\n"
		"  - { name: several, on: process.setuid, subject: { uid: 1000, gid: 27, capabilities: CAP_KILL }, action: deny }\n";
	static const struct asked asked[] = {
		{ "in it", { OP(FILE_OPEN), ONE_FILE("/etc/a") }, EPERM, 0, "etc", "etc" },
		{ "in what is excluded", { OP(FILE_OPEN), ONE_FILE("/etc/ssl/a") }, 0, 0, NULL, NULL },
		{ "everything else", { OP(FILE_UNLINK), .files = { { .roles = 1u << IMAGE_ROLE_PATH, .has_attributes = true, .owner = 4 } }, .file_count = 1 },
		  EPERM, 0, "owner", "owner" },
		{ "excluded", { OP(FILE_UNLINK), .files = { { .roles = 1u << IMAGE_ROLE_PATH, .has_attributes = true, .owner = 7 } }, .file_count = 1 }, 0, 0, NULL, NULL },
		{ "not known is not excluded", { OP(FILE_UNLINK), .files = { { .roles = 1u << IMAGE_ROLE_PATH } }, .file_count = 1 }, EPERM, 0, "owner", "owner" },
		{ "one of two names", { OP(FILE_RENAME), .files = { FILE_AT("/a"), FILE_AT("/x") }, .file_count = 2 }, EPERM, 0, "names", "names" },
		{ "the other one excluded", { OP(FILE_RENAME), .files = { FILE_AT("/y"), FILE_AT("/x") }, .file_count = 2 }, 0, 0, NULL, NULL },
		{ "several keys hold", { OP(PROCESS_SETUID) }, EPERM, 0, "several", "several" },
		{ "one of them does not", { OP(PROCESS_SETUID), .subject = &cgi }, 0, 0, NULL, NULL },
	};

	ASK(*state, text, asked);
}

static void test_match_permissive_rules_only_tell(void **state)
{
	static const char text[] = HEAD
		"  - { name: a, on: file.open, mode: permissive, action: deny }\n"
		"  - { name: b, on: file.open, mode: permissive, action: kill }\n"
		"  - { name: c, on: file.open, action: audit }\n"
		"  - { name: d, on: file.open, object: { path: /d }, action: { deny: EACCES } }\n";
	static const char permissive[] = "version: 1\nname: test\nmode: permissive\ndefault: { file.open: deny, file.read: deny }\nrules:\n"
		"  - { name: a, on: file.open, action: deny }\n"
		"  - { name: b, on: [file.open, file.read], action: { tag: red }, report: true }\n"
		"  - { name: c, on: file.open, object: { path: /c }, mode: enforce, action: deny }\n";
	static const struct asked asked[] = {
		{ "the first is told", { OP(FILE_OPEN), ONE_FILE("/a") }, 0, 0, NULL, "would:a c" },
		{ "an enforcing rule behind decides", { OP(FILE_OPEN), ONE_FILE("/d") }, EACCES, 0, "d", "would:a c d" },
	};
	static const struct asked asked_permissive[] = {
		{ "what would have ended there does", { OP(FILE_OPEN), ONE_FILE("/a") }, 0, 0, NULL, "would:a" },
		{ "a rule's own mode", { OP(FILE_OPEN), ONE_FILE("/c") }, EPERM, 0, "c", "would:a c" },
		{ "a default only tells", { OP(FILE_READ), ONE_FILE("/a") }, 0, 0, NULL, "would:b would:default" },
	};

	ASK(*state, text, asked);
	ASK(*state, permissive, asked_permissive);
}

static void test_match_the_strictest_policy_wins(void **state)
{
	static const char *const texts[] = {
		"version: 1\nname: one\nrules:\n"
		"  - { name: one-allows, on: file.open, object: { path: [/a, /b] }, action: allow, report: true }\n"
		"  - { name: one-denies, on: file.open, object: { path: \"/{c,d,e}\" }, action: { deny: EACCES } }\n",
		"version: 1\nname: two\nscope: { uid: 1000 }\nrules:\n"
		"  - { name: two-denies, on: file.open, object: { path: \"/{a,c}\" }, action: { deny: EROFS } }\n"
		"  - { name: two-terms, on: file.open, object: { path: \"/{d,e}\" }, action: { signal: TERM } }\n",
		"version: 1\nname: three\nrules:\n"
		"  - { name: three-hups, on: file.open, object: { path: /d }, action: { signal: HUP } }\n"
		"  - { name: three-kills, on: file.open, object: { path: /e }, action: kill }\n",
	};
	static const struct asked asked[] = {
		{ "deny over allow", { OP(FILE_OPEN), ONE_FILE("/a") }, EROFS, 0, "two-denies", "one-allows two-denies" },
		{ "allow alone", { OP(FILE_OPEN), ONE_FILE("/b") }, 0, 0, NULL, "one-allows" },
		{ "of two errors the first", { OP(FILE_OPEN), ONE_FILE("/c") }, EACCES, 0, "one-denies", "one-denies two-denies" },
		{ "a signal over an error, of two the first", { OP(FILE_OPEN), ONE_FILE("/d") }, EPERM, SIGTERM, "two-terms", "one-denies two-terms three-hups" },
		{ "KILL over others", { OP(FILE_OPEN), ONE_FILE("/e") }, EPERM, SIGKILL, "three-kills", "one-denies two-terms three-kills" },
		{ "out of the scope of one", { OP(FILE_OPEN), .subject = &nginx, ONE_FILE("/a") }, 0, 0, NULL, "one-allows" },
	};

	ASK_SEVERAL(*state, texts, asked);
}

#define ALIAS(...) .files = { { PATH("/tmp/x"), __VA_ARGS__, .roles = 1u << IMAGE_ROLE_PATH } }, .file_count = 1

static void test_match_names_find_identities(void **state)
{
	static const char text[] = HEAD
		"  - { name: literal, on: file.open, object: { path: /etc/shadow }, action: deny }\n"
		"  - { name: subtree, on: file.open, object: { path: \"/etc/**\" }, action: { deny: EACCES } }\n"
		"  - { name: number, on: file.open, object: { identity: \"8:1:99\" }, action: { deny: EROFS } }\n"
		"  - { name: program, on: process.setuid, subject: { exe: /usr/bin/passwd }, action: deny }\n";
	static const struct krsi_priv_process link = { EXE("/tmp/p"), .exe.id = { 8 << 20 | 1, 4 } };
	static const struct asked asked[] = {
		{ "a link to the file", { OP(FILE_OPEN), ALIAS(.location.id = { 8 << 20 | 1, 3 }) }, EPERM, 0, "literal", "literal" },
		{ "the same inode elsewhere", { OP(FILE_OPEN), ALIAS(.location.id = { 8 << 20 | 2, 3 }) }, 0, 0, NULL, NULL },
		{ "a mount of the directory", { OP(FILE_OPEN), ALIAS(.location.directories = &etc, .location.directory_count = 1) }, EACCES, 0, "subtree", "subtree" },
		{ "the directory itself is not below it", { OP(FILE_OPEN), ALIAS(.location.id = { 8 << 20 | 1, 2 }) }, 0, 0, NULL, NULL },
		{ "below the file is nothing", { OP(FILE_OPEN), ALIAS(.location.directories = &shadow, .location.directory_count = 1) }, 0, 0, NULL, NULL },
		{ "an identity that is written", { OP(FILE_OPEN), ALIAS(.location.id = { 8 << 20 | 1, 99 }) }, EROFS, 0, "number", "number" },
		{ "a link to a program", { OP(PROCESS_SETUID), .subject = &link }, EPERM, 0, "program", "program" },
	};

	ASK(*state, text, asked);
}

#define STRINGS(...) (const struct krsi_priv_bytes[]){ __VA_ARGS__ }
#define STARTED(arguments, variables, ...) { OP(PROCESS_EXEC), ONE_FILE("/bin/tool"), .argv = STRINGS arguments, .argv_count = sizeof(STRINGS arguments) / sizeof(struct krsi_priv_bytes), \
					    .env = STRINGS variables, .env_count = sizeof(STRINGS variables) / sizeof(struct krsi_priv_bytes), __VA_ARGS__ }

static void test_match_strings_of_a_program(void **state)
{
	static const char text[] = HEAD
		"  - { name: preload, on: process.exec, object: { env: LD_PRELOAD }, action: audit }\n"
		"  - { name: library, on: process.exec, object: { env: \"{LD,DYLD}_*=*/tmp*\" }, action: { deny: EACCES } }\n"
		"  - { name: both, on: process.exec, object: { argv: [--privileged, \"-v?*\"], env: \"A=b=c\" }, action: { deny: EROFS } }\n"
		"  - { name: other, on: process.exec, object: { argv: [--all, \"!--dry-run\"] }, action: deny }\n"
		"  - { name: empty, on: process.exec, object: { env: \"EMPTY=\" }, unless: { argv: --force }, action: { deny: ENOENT } }\n";
	const struct asked asked[] = {
		{ "a variable with any value", STARTED((NAME("tool")), (NAME("X=1") , NAME("LD_PRELOAD="))), 0, 0, NULL, "preload" },
		{ "one that only begins so", STARTED((NAME("tool")), (NAME("LD_PRELOADED=x"))), 0, 0, NULL, NULL },
		{ "a value that looks like it", STARTED((NAME("LD_PRELOAD=x")), (NAME("X=LD_PRELOAD=x"))), 0, 0, NULL, NULL },
		{ "a pattern of both", STARTED((NAME("tool")), (NAME("DYLD_LIBRARY_PATH=/a:/tmp/b"))), EACCES, 0, "library", "library" },
		{ "the name's * ends at the first =", STARTED((NAME("tool")), (NAME("LD=LD_X=/tmp"))), 0, 0, NULL, NULL },
		{ "one without =", STARTED((NAME("tool")), (NAME("LD_PRELOAD"), NAME("EMPTY"))), ENOENT, 0, "empty", "preload empty" },
		{ "an = in the value", STARTED((NAME("tool"), NAME("-vx")), (NAME("A=b=c"))), EROFS, 0, "both", "both" },
		{ "argv alone", STARTED((NAME("tool"), NAME("--privileged")), (NAME("A=b"))), 0, 0, NULL, NULL },
		{ "a pattern that wants one more", STARTED((NAME("tool"), NAME("-v")), (NAME("A=b=c"))), 0, 0, NULL, NULL },
		{ "any of the arguments", STARTED((NAME("tool"), NAME("x"), NAME("--all")), (NAME("B="))), EPERM, 0, "other", "other" },
		{ "any of them excluded", STARTED((NAME("tool"), NAME("--dry-run"), NAME("--all")), (NAME("B="))), 0, 0, NULL, NULL },
		{ "saved by an argument", STARTED((NAME("tool"), NAME("--force")), (NAME("EMPTY="))), 0, 0, NULL, NULL },
	};

	ASK(*state, text, asked);
}

#define LOST(...) .files = { { .unresolved = true, .roles = 1u << IMAGE_ROLE_PATH, .has_attributes = true, __VA_ARGS__ } }, .file_count = 1

static const char unresolved_rules[] =
	"rules:\n"
	"  - { name: audited, on: file.open, object: { path: /etc/shadow }, action: audit }\n"
	"  - { name: not-theirs, on: file.open, object: { path: \"/tmp/**\" }, subject: { uid: 0 }, action: deny }\n"
	"  - { name: saved, on: file.open, object: { path: /a }, unless: { path: \"!/b\" }, action: { deny: ENOENT } }\n"
	"  - { name: spared, on: file.open, object: { path: \"!/etc/**\" }, action: allow }\n"
	"  - { name: secret, on: file.open, object: { path: /etc/shadow, owner: 0 }, action: { deny: EACCES } }\n"
	"  - { name: all, on: file.open, object: { owner: 7 }, action: { deny: EROFS } }\n";

static void unresolved_ask(struct krsi_ctx *ctx, const char *what, const struct asked *asked, size_t count)
{
	struct policy_text text = { 0 };

	policy_text_add(&text, "version: 1\nname: test\non_unresolved: %s\n%s", what, unresolved_rules);
	ask_all(ctx, (const char *const[]){ text.text }, 1, asked, count);
	policy_text_free(&text);
}

static void test_match_what_is_unresolved_might_be_anything(void **state)
{
	static const struct asked denied[] = {
		{ "the first that might refuse does", { OP(FILE_OPEN), LOST() }, ENOENT, 0, "saved", "unresolved:saved" },
		{ "what is known for certain is as ever", { OP(FILE_OPEN), LOST(.location.id = { 8 << 20 | 1, 3 }) }, ENOENT, 0, "saved", "audited unresolved:saved" },
	};
	static const struct asked audited[] = {
		{ "each that might refuse is told", { OP(FILE_OPEN), LOST() }, 0, 0, NULL, "unresolved:would:saved unresolved:would:secret" },
		{ "one that does not look at paths refuses", { OP(FILE_OPEN), LOST(.owner = 7) }, EROFS, 0, "all", "unresolved:would:saved all" },
		{ "what is known for certain refuses", { OP(FILE_OPEN), LOST(.location.id = { 8 << 20 | 1, 3 }) }, EACCES, 0, "secret", "audited unresolved:would:saved secret" },
	};
	static const struct asked allowed[] = {
		{ "nothing is told", { OP(FILE_OPEN), LOST() }, 0, 0, NULL, NULL },
		{ "what is known for certain refuses", { OP(FILE_OPEN), LOST(.location.id = { 8 << 20 | 1, 3 }) }, EACCES, 0, "secret", "audited secret" },
		{ "one that does not look at paths refuses", { OP(FILE_OPEN), LOST(.owner = 7) }, EROFS, 0, "all", "all" },
	};

	unresolved_ask(*state, "deny", denied, ARRAY_SIZE(denied));
	unresolved_ask(*state, "audit", audited, ARRAY_SIZE(audited));
	unresolved_ask(*state, "allow", allowed, ARRAY_SIZE(allowed));
}

static void test_match_subjects(void **state)
{
	static const char text[] = HEAD
		"  - { name: login, on: kernel.bpf, subject: { login_uid: unset }, action: { deny: E2BIG } }\n"
		"  - { name: tagged, on: kernel.perf, subject: { tag: downloaded }, action: { deny: EACCES } }\n"
		"  - { name: contained, on: kernel.settime, subject: { container: \"*\" }, action: { deny: EBUSY } }\n"
		"  - { name: space, on: process.setgid, subject: { namespaces: { mnt: \"!host\", net: host } }, action: { deny: EROFS } }\n"
		"  - { name: root-cgroup, on: process.unshare, subject: { cgroup: /, parent: { cgroup: \"/user.*\" } }, action: { deny: ENOENT } }\n"
		"  - { name: below, on: process.setuid, subject: { cgroup: \"/system.slice/*.service\" }, action: deny }\n"
		"  - { name: target, on: process.ptrace, object: { target: { uid: 33, parent: { exe: /usr/sbin/nginx } } }, action: deny }\n"
		"  - { name: nothing, on: process.signal, object: { signal: [KILL, \"!0\"] }, action: deny }\n";
	static const struct asked asked[] = {
		{ "no login", { OP(KERNEL_BPF), .subject = &nginx }, E2BIG, 0, "login", "login" },
		{ "a login", { OP(KERNEL_BPF) }, 0, 0, NULL, NULL },
		{ "a tag", { OP(KERNEL_PERF) }, EACCES, 0, "tagged", "tagged" },
		{ "no tag", { OP(KERNEL_PERF), .subject = &nginx }, 0, 0, NULL, NULL },
		{ "a container", { OP(KERNEL_SETTIME) }, EBUSY, 0, "contained", "contained" },
		{ "outside of containers there is no ID", { OP(KERNEL_SETTIME), .subject = &nginx }, 0, 0, NULL, NULL },
		{ "another namespace", { OP(PROCESS_SETGID) }, EROFS, 0, "space", "space" },
		{ "the host's", { OP(PROCESS_SETGID), .subject = &init }, 0, 0, NULL, NULL },
		{ "the root of the cgroups is above all, and the parent", { OP(PROCESS_UNSHARE), .subject = &passwd }, ENOENT, 0, "root-cgroup", "root-cgroup" },
		{ "a cgroup above it", { OP(PROCESS_SETUID), .subject = &nginx }, EPERM, 0, "below", "below" },
		{ "another process", { OP(PROCESS_PTRACE), .target = &cgi }, EPERM, 0, "target", "target" },
		{ "one that was started by another", { OP(PROCESS_PTRACE), .target = &nginx }, 0, 0, NULL, NULL },
		{ "the signal", { OP(PROCESS_SIGNAL), .target = &cgi, .has_signal = true, .signal = SIGKILL }, EPERM, 0, "nothing", "nothing" },
		{ "no signal", { OP(PROCESS_SIGNAL), .target = &cgi, .has_signal = true }, 0, 0, NULL, NULL },
	};

	ASK(*state, text, asked);
}

static void test_match_objects(void **state)
{
	static const char text[] = HEAD
		"  - { name: v4, on: network.bind, object: { address: 10.0.0.0/8 }, action: { deny: EACCES } }\n"
		"  - { name: v6, on: network.bind, object: { address: \"::/0\" }, action: { deny: EROFS } }\n"
		"  - { name: docker, on: network.connect, object: { unix_path: [/run/docker.sock, \"@/tmp/.X11-unix/*\"] }, action: deny }\n"
		"  - { name: mode, on: file.chmod, object: { mode: [4000, 0022], type: regular, filesystem: ext4, facts: setuid }, action: deny }\n"
		"  - { name: module, on: kernel.module_load, object: { module: \"nf_*\" }, action: deny }\n"
		"  - { name: capability, on: process.capset, object: { capability: CAP_NET_RAW }, action: deny }\n"
		"  - { name: disk, on: mount.mount, object: { source: \"/dev/sd?*\", target: \"/mnt/*\", fstype: overlay }, action: deny }\n"
		"  - { name: memory, on: mount.mount, object: { source: tmpfs }, action: deny }\n";
	static const struct asked asked[] = {
		{ "IPv4", { OP(NETWORK_BIND), .has_address = true, .address = { [10] = 0xff, 0xff, 10, 1 } }, EACCES, 0, "v4", "v4" },
		{ "::/0 means no IPv4", { OP(NETWORK_BIND), .has_address = true, .address = { [10] = 0xff, 0xff, 11, 1 } }, 0, 0, NULL, NULL },
		{ "IPv6", { OP(NETWORK_BIND), .has_address = true, .address = { [15] = 1 } }, EROFS, 0, "v6", "v6" },
		{ "a unix socket", { OP(NETWORK_CONNECT), .unix_path = NAME("/run/docker.sock") }, EPERM, 0, "docker", "docker" },
		{ "one without a file", { OP(NETWORK_CONNECT), .abstract = NAME("/tmp/.X11-unix/X0") }, EPERM, 0, "docker", "docker" },
		{ "which is not one of that path", { OP(NETWORK_CONNECT), .unix_path = NAME("/tmp/.X11-unix/X0") }, 0, 0, NULL, NULL },
		{ "all bits of a mode", { OP(FILE_CHMOD), .files = { { .roles = 1u << IMAGE_ROLE_PATH, .has_attributes = true, .mode = S_IFREG | 04755, .filesystem = "ext4", .facts = 8 } }, .file_count = 1 },
		  EPERM, 0, "mode", "mode" },
		{ "not all of them", { OP(FILE_CHMOD), .files = { { .roles = 1u << IMAGE_ROLE_PATH, .has_attributes = true, .mode = S_IFREG | 0720, .filesystem = "ext4", .facts = 8 } }, .file_count = 1 },
		  0, 0, NULL, NULL },
		{ "a module", { OP(KERNEL_MODULE_LOAD), .module = NAME("nf_nat") }, EPERM, 0, "module", "module" },
		{ "a capability", { OP(PROCESS_CAPSET), .wanted_capabilities = 1 << 13 | 1 }, EPERM, 0, "capability", "capability" },
		{ "what is mounted where", { OP(MOUNT_MOUNT), .fstype = "overlay", .file_count = 2,
		  .files = { { PATH("/mnt/a"), .roles = 1u << IMAGE_ROLE_PATH | 1u << IMAGE_ROLE_TARGET }, { PATH("/dev/sda"), .roles = 1u << IMAGE_ROLE_SOURCE } } },
		  EPERM, 0, "disk", "disk" },
		{ "the other way around", { OP(MOUNT_MOUNT), .fstype = "overlay", .file_count = 2,
		  .files = { { PATH("/dev/sda"), .roles = 1u << IMAGE_ROLE_PATH | 1u << IMAGE_ROLE_TARGET }, { PATH("/mnt/a"), .roles = 1u << IMAGE_ROLE_SOURCE } } }, 0, 0, NULL, NULL },
		{ "a source that is a word", { OP(MOUNT_MOUNT), .source = NAME("tmpfs") }, EPERM, 0, "memory", "memory" },
	};

	ASK(*state, text, asked);
}

static void test_match_tags_are_put_and_go_on(void **state)
{
	static const char text[] = HEAD
		"  - { name: a, on: file.open, action: { tag: red } }\n"
		"  - { name: b, on: file.open, action: { tag: blue, tree: true } }\n"
		"  - { name: c, on: file.open, mode: permissive, action: { tag: grey } }\n"
		"  - { name: d, on: file.open, action: deny }\n"
		"  - { name: e, on: file.open, action: { tag: late } }\n";
	struct krsi_priv_question question = { OP(FILE_OPEN), .subject = &shell, ONE_FILE("/a") };
	struct compiled compiled = { .policy_count = 0 };
	struct krsi_priv_answer answer = { 0 };
	uint64_t tags = 0, tree = 0;
	int i;

	compile(*state, &compiled, (const char *const[]){ text }, 1);
	assert_int_equal(krsi_priv_match(&compiled.image, &question, &answer), 0);
	for (i = 0; i < 64; i++) {
		if (!compiled.tags.names[i])
			continue;
		if (strcmp(compiled.tags.names[i], "red") == 0 || strcmp(compiled.tags.names[i], "blue") == 0)
			tags |= 1ULL << i;
		if (strcmp(compiled.tags.names[i], "blue") == 0)
			tree |= 1ULL << i;
	}
	assert_int_equal(__builtin_popcountll(tags), 2);
	assert_int_equal(answer.tags, tags);
	assert_int_equal(answer.tree_tags, tree);
	assert_int_equal(answer.error, EPERM);
	krsi_priv_answer_free(&answer);
	compiled_free(&compiled);
}

/* An object that is more than there is room for is unresolved, so that what might refuse it does. */
static void test_match_too_many_meanings_are_unresolved(void **state)
{
	struct krsi_priv_question question = { OP(FILE_OPEN), .subject = &shell, ONE_FILE("/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/x") };
	struct compiled compiled = { .policy_count = 0 };
	struct policy_text text = { 0 };
	struct krsi_priv_answer answer = { 0 };
	int depth;

	policy_text_add(&text, HEAD "  - { name: first, on: file.open, object: { path: /other }, action: { deny: EROFS } }\n");
	policy_text_add(&text, "  - { name: deep, on: file.open, action: audit, object: { path: [");
	for (depth = 1; depth <= 20; depth++)
		policy_text_add(&text, "%s%.*s/**", depth > 1 ? ", " : "", 2 * depth, "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a");
	policy_text_add(&text, "] } }\n");
	compile(*state, &compiled, (const char *const[]){ text.text }, 1);
	assert_int_equal(krsi_priv_match(&compiled.image, &question, &answer), 0);
	assert_true(answer.has_too_many_hits);
	assert_int_equal(answer.error, EROFS);
	assert_int_equal(answer.told[0].outcome, 2);
	krsi_priv_answer_free(&answer);
	compiled_free(&compiled);
	policy_text_free(&text);
}

static void test_match_refuses_what_is_no_question(void **state)
{
	struct krsi_priv_answer answer = { .error = 77 };
	struct compiled compiled = { .policy_count = 0 };
	const struct krsi_priv_question questions[] = {
		{ OP(NONE), .subject = &shell }, { OP(END), .subject = &shell }, { OP(FILE_OPEN) },
		{ OP(OPENED) - 1, .subject = &shell }, { .operation = KRSI_PRIV_OP_BITS, .subject = &shell },
		{ OP(FILE_OPEN), .subject = &shell, .file_count = KRSI_PRIV_FILES_MAX + 1 },
	};
	size_t i;

	compile(*state, &compiled, (const char *const[]){ HEAD "  - { name: a, on: file.open, action: deny }\n" }, 1);
	for (i = 0; i < ARRAY_SIZE(questions); i++)
		assert_int_equal(krsi_priv_match(&compiled.image, &questions[i], &answer), -EINVAL);
	assert_int_equal(answer.error, 77);
	compiled_free(&compiled);
}

/* Events are limited where they are made; a question stands for itself, and leaves the image as it was. */
static void test_match_limits_nothing(void **state)
{
	const struct asked asked = { "each time", { OP(FILE_OPEN), ONE_FILE("/a") }, EPERM, 0, "a", "a" };
	struct compiled compiled = { .policy_count = 0 };
	struct image_unit *before;
	size_t size;
	int i;

	compile(*state, &compiled, (const char *const[]){ HEAD "  - { name: a, on: file.open, action: deny, limit: 1/h }\n" }, 1);
	size = (size_t)compiled.image.pages * IMAGE_PAGE;
	before = malloc(size);
	assert_non_null(before);
	memcpy(before, compiled.image.units, size);
	for (i = 0; i < 3; i++)
		ask(&compiled, &asked);
	assert_memory_equal(before, compiled.image.units, size);
	free(before);
	compiled_free(&compiled);
}

static void test_match_without_memory_answers_nothing(void **state)
{
	static const char text[] = HEAD
		"  - { name: a, on: process.ptrace, object: { target: { parent: { uid: 33 } } }, action: audit }\n"
		"  - { name: b, on: process.ptrace, subject: { descendant_of: { uid: 33 } }, action: deny }\n";
	struct krsi_priv_question question = { OP(PROCESS_PTRACE), .subject = &shell, .target = &shell };
	struct compiled compiled = { .policy_count = 0 };
	struct krsi_priv_answer answer;
	unsigned int nth = 0, failed;
	int err;

	compile(*state, &compiled, (const char *const[]){ text }, 1);
	do {
		answer = (struct krsi_priv_answer){ .error = 77 };
		inject_start(++nth, false);
		err = krsi_priv_match(&compiled.image, &question, &answer);
		failed = inject_stop();
		assert_int_equal(err, failed ? -ENOMEM : 0);
		assert_int_equal(answer.error, failed ? 77 : EPERM);
	} while (failed);
	assert_int_equal(nth, 4);
	assert_int_equal(answer.told_count, 2);
	krsi_priv_answer_free(&answer);
	compiled_free(&compiled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_match_the_example_of_the_page),
		ctx_test(test_match_the_first_that_decides_wins),
		ctx_test(test_match_what_is_open_already),
		ctx_test(test_match_lists_mean_any_of_these_but_those),
		ctx_test(test_match_permissive_rules_only_tell),
		ctx_test(test_match_the_strictest_policy_wins),
		ctx_test(test_match_names_find_identities),
		ctx_test(test_match_strings_of_a_program),
		ctx_test(test_match_what_is_unresolved_might_be_anything),
		ctx_test(test_match_subjects),
		ctx_test(test_match_objects),
		ctx_test(test_match_tags_are_put_and_go_on),
		ctx_test(test_match_too_many_meanings_are_unresolved),
		ctx_test(test_match_refuses_what_is_no_question),
		ctx_test(test_match_limits_nothing),
		ctx_test(test_match_without_memory_answers_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
