/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "match_random.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "policy/language.h"

#define DEVICE(major, minor) ((uint32_t)(major) << 20 | (minor))
#define KEY(key) KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_##key)
#define BIT(operation) KRSI_PRIV_OP_BIT(KRSI_PRIV_OP_##operation)

/* In a hundred. */
static bool chance(struct policy_random *random, uint32_t percent)
{
	return policy_random_below(random, 100) < percent;
}

#define pick(random, array) ((array)[policy_random_below((random), ARRAY_SIZE(array))])

/* --- the file system ----------------------------------------------------- */

/* Each directory before what is in it. Inodes are places in this list; some are links to others. */
static const struct {
	const char *path;
	bool is_directory;
	uint16_t link;		/* the file is that one */
} files[] = {
	{ "/", true, 0 },
	{ "/etc", true, 0 },
	{ "/etc/passwd", false, 0 },
	{ "/etc/shadow", false, 0 },
	{ "/etc/ssl", true, 0 },
	{ "/etc/ssl/cert.pem", false, 0 },
	{ "/etc/ssl/private", true, 0 },
	{ "/etc/ssl/private/a.key", false, 0 },
	{ "/usr", true, 0 },
	{ "/usr/bin", true, 0 },
	{ "/usr/bin/sh", false, 0 },
	{ "/usr/bin/bash", false, 0 },
	{ "/usr/bin/dash", false, 10 },
	{ "/usr/bin/curl", false, 0 },
	{ "/usr/local", true, 0 },
	{ "/usr/local/bin", true, 0 },
	{ "/usr/local/bin/sh", false, 0 },
	{ "/usr/lib", true, 0 },
	{ "/usr/lib/a.so", false, 0 },
	{ "/usr/lib/b.so", false, 0 },
	{ "/tmp", true, 0 },
	{ "/tmp/a", true, 0 },
	{ "/tmp/a/sh", false, 0 },
	{ "/tmp/a/b", true, 0 },
	{ "/tmp/a/b/a.so", false, 0 },
	{ "/tmp/a/b/bin", true, 0 },
	{ "/tmp/a/b/bin/bash", false, 0 },
	{ "/tmp/shadow", false, 3 },
	{ "/home", true, 0 },
	{ "/home/a", true, 0 },
	{ "/home/a/.ssh", true, 0 },
	{ "/home/a/.ssh/a.key", false, 0 },
	{ "/home/b", true, 0 },
	{ "/home/b/sh", false, 0 },
	{ "/dev", true, 0 },
	{ "/dev/sda", false, 0 },
	{ "/dev/sdb", false, 0 },
	{ "/run/a/b/bin", true, 0 },
};

/* Paths where nothing is when policies are applied. */
static const char *const others[] = {
	"/etc/ssh", "/etc/ssl/private/b.key", "/tmp/bash", "/tmp/a/b/c/d", "/home/c/.ssh", "/bin/sh", "/usr/bin/shadow",
	"/home/a/tmp/etc/shadow", "/a", "/tmp/a/b/bin/a.so", "/usr/share/a.so", "/dev/sdc", "/home/bin/b/sh", "/shadow",
};

static const char *const patterns[] = {
	"/**", "/*", "/*/*", "/**/*.so", "/**/bin/*", "/usr/**", "/usr/bin/*", "/usr/*/sh", "/usr/{bin,local/bin}/*sh", "/tmp/**",
	"/tmp/**/*.so", "/home/*/.ssh/**", "/home/**/.ssh", "/home/*", "/dev/sd[a-b]", "/dev/sd[!a]", "/etc/ss?", "/etc/ssl/**", "/etc/ssl/*",
	"/**/sh", "/**/a/**", "/etc/{passwd,shadow,ssl/**}", "/tmp/a/**", "/tmp/a/*/*/bash", "/{usr,home}/**", "/**/*a*", "/**/[a-b]*/*h",
};

static struct krsi_priv_object_id file_id(size_t file)
{
	size_t inode = files[file].link ? files[file].link : file;

	return (struct krsi_priv_object_id){ .device = DEVICE(8, 1 + inode % 2), .inode = 100 + inode };
}

struct oracle_world random_world(void)
{
	static struct oracle_file list[ARRAY_SIZE(files)];
	struct oracle_world world = { .files = list, .file_count = ARRAY_SIZE(files) };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		list[i] = (struct oracle_file){ files[i].path, file_id(i), files[i].is_directory };
	for (i = 0; i < KRSI_PRIV_NAMESPACES; i++)
		world.host_namespaces[i] = 4026531835 + i;
	return world;
}

static bool is_above(const char *directory, const char *path)
{
	size_t size = strlen(directory);

	if (size == 1)
		return path[1];
	return strncmp(directory, path, size) == 0 && path[size] == '/';
}

static const char *random_path(struct policy_random *random)
{
	return chance(random, 75) ? files[policy_random_below(random, ARRAY_SIZE(files))].path : pick(random, others);
}

/* The directories that a path has, or those of another one: a bind mount. */
static void location_above(struct policy_random *random, const char *path, struct krsi_priv_object_id *directories,
			   struct krsi_priv_location *location)
{
	size_t i;

	if (chance(random, 15))
		path = random_path(random);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (files[i].is_directory && is_above(files[i].path, path) && location->directory_count < RANDOM_DIRECTORIES)
			directories[location->directory_count++] = file_id(i);
	location->directories = directories;
}

static struct krsi_priv_location random_location(struct policy_random *random, struct krsi_priv_object_id *directories)
{
	struct krsi_priv_location location = { .path = { NULL, 0 } };
	const char *path = random_path(random), *other = random_path(random);
	size_t i;

	if (chance(random, 90))
		location.path = (struct krsi_priv_bytes){ path, strlen(path) };
	if (chance(random, 80))
		other = path;
	for (i = 0; i < ARRAY_SIZE(files) && chance(random, 98); i++)
		if (strcmp(files[i].path, other) == 0)
			location.id = file_id(i);
	if (chance(random, 70))
		location_above(random, path, directories, &location);
	return location;
}

/* --- words --------------------------------------------------------------- */

static const char *const numbers_text[] = { "0", "1", "2", "1000", "1001", "0-1", "1-1000", "1000-59999", "2-2" };
static const uint32_t numbers[] = { 0, 1, 2, 3, 999, 1000, 1001, 59999, 60000 };
static const char *const capabilities_text[] = { "CAP_CHOWN", "CAP_KILL", "CAP_SYS_ADMIN", "CAP_BPF", "60" };
static const uint64_t capabilities[] = { 0, 1, 1 << 5, 1 << 21, 1ULL << 39 | 1, 1ULL << 60, UINT64_MAX };
static const char *const cgroups[] = { "", "/a", "/a/b", "/a/b/c", "/system.slice", "/system.slice/nginx.service", "/user.slice/a" };
static const char *const cgroups_text[] = {
	"/", "/a", "/a/b", "/a/**", "/system.slice/*.service", "/**/b", "/*", "/user.slice/**", "/{a,user.slice}/*", "/system.slice",
};
static const char *const containers[] = { "0123abcd", "0123ffff", "abcd", "a/b" };
static const char *const containers_text[] = { "*", "0123*", "abcd", "a?b", "0123abcd", "{abcd,a/b}" };
static const char *const namespaces_text[] = { "host", "4026531999", "4026531998" };
static const char *const tags[] = { "red", "green", "blue", "grey" };
static const char *const addresses_text[] = {
	"10.0.0.0/8", "10.0.0.1", "10.1.0.0/16", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::1", "::ffff:10.2.0.0/112", "::1", "8000::/1",
};
static const uint8_t addresses[][16] = {
	{ [10] = 0xff, 0xff, 10, 0, 0, 1 }, { [10] = 0xff, 0xff, 10, 0, 0, 2 }, { [10] = 0xff, 0xff, 10, 1, 7, 8 },
	{ [10] = 0xff, 0xff, 10, 2, 0, 0 }, { [10] = 0xff, 0xff, 127, 0, 0, 1 }, { [10] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	{ 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 }, { 0x20, 0x01, 0x0d, 0xb9 }, { [15] = 1 }, { 0 },
	{ 0x80 }, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
};
static const char *const ports_text[] = { "1-1023", "80", "443", "0", "8000-8999", "0-65535", "65535" };
static const uint16_t ports[] = { 0, 1, 80, 443, 1023, 1024, 8000, 8999, 9000, 65535 };
static const char *const families_text[] = { "unix", "inet", "inet6", "netlink", "200" };
static const uint16_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, 200, 255 };
static const char *const abstracts_text[] = { "@*", "@a*", "@/tmp/.X11-unix/*", "@bus" };
static const char *const abstracts[] = { "a", "bus", "/tmp/.X11-unix/X0", "ab/c" };
static const char *const signals_text[] = { "KILL", "TERM", "0", "64", "15", "9" };
static const uint32_t signals[] = { 0, 1, 9, 15, 64 };
static const char *const modules_text[] = { "usb*", "nf_tables", "*", "?", "nf_{nat,tables}" };
static const char *const arguments_text[] = { "-v", "-v*", "*", "--all=?", "--{all,none}", "[a-f]*x*" };
static const char *const arguments[] = { "tool", "-v", "-vv", "--all", "--all=1", "ax", "", "x" };
static const char *const variables_text[] = { "A", "A=", "A*", "*=x", "{A,B}=*x*", "A=b=c", "?=?" };
static const char *const variables[] = { "A=", "A", "A=x", "AB=x", "B=axe", "A=b=c", "C=A=b=c", "=x" };
static const char *const modules[] = { "usb", "usbcore", "nf_tables", "nf_nat", "x" };
static const char *const sources_text[] = { "tmpfs", "*", "/dev/sd?", "/tmp/**", "server:/*", "/etc" };
static const char *const sources[] = { "tmpfs", "none", "server:/srv" };
static const char *const filesystems[] = { "ext4", "tmpfs", "overlay", "fuse.sshfs" };
static const char *const types_text[] = { "regular", "directory", "block", "char", "socket", "symlink", "fifo" };
static const uint32_t types[] = { S_IFREG, S_IFDIR, S_IFBLK, S_IFCHR, S_IFSOCK, S_IFLNK, S_IFIFO };
static const char *const modes_text[] = { "4000", "0002", "4755", "0111", "6000" };
static const uint32_t modes[] = { 0, 0644, 0755, 04755, 06755, 0666, 07777, 0001 };
static const char *const facts_text[] = { "memfd", "unlinked", "running", "setuid", "tmpfs", "overlay-upper" };

/* --- policies ------------------------------------------------------------ */

static void path_text(struct policy_random *random, struct policy_text *text)
{
	if (chance(random, 55))
		policy_text_add(text, "%s", pick(random, patterns));
	else if (chance(random, 70))
		policy_text_add(text, "%s", random_path(random));
	else
		policy_text_add(text, "%s/**", files[1 + policy_random_below(random, ARRAY_SIZE(files) - 1)].path);
}

static void identity_text(struct policy_random *random, struct policy_text *text)
{
	struct krsi_priv_object_id id = file_id(policy_random_below(random, ARRAY_SIZE(files)));

	policy_text_add(text, "8:%u:%llu", id.device & 0xfffff, (unsigned long long)id.inode);
}

#define word(array) policy_text_add(text, "%s", pick(random, array))

static void subject_entry(struct policy_random *random, struct policy_text *text, unsigned int key)
{
	switch (key) {
	case KRSI_PRIV_KEY_EXE:
		if (chance(random, 20))
			identity_text(random, text);
		else
			path_text(random, text);
		break;
	case KRSI_PRIV_KEY_SCRIPT:
		path_text(random, text);
		break;
	case KRSI_PRIV_KEY_UID:
	case KRSI_PRIV_KEY_GID:
		word(numbers_text);
		break;
	case KRSI_PRIV_KEY_LOGIN_UID:
		policy_text_add(text, "%s", chance(random, 40) ? "unset" : pick(random, numbers_text));
		break;
	case KRSI_PRIV_KEY_CAPABILITIES:
		word(capabilities_text);
		break;
	case KRSI_PRIV_KEY_CGROUP:
		word(cgroups_text);
		break;
	case KRSI_PRIV_KEY_CONTAINER:
		word(containers_text);
		break;
	case KRSI_PRIV_KEY_TAG:
		word(tags);
		break;
	default:
		word(namespaces_text);
	}
}

static void object_entry(struct policy_random *random, struct policy_text *text, unsigned int key)
{
	switch (key) {
	case KRSI_PRIV_KEY_IDENTITY:
		identity_text(random, text);
		break;
	case KRSI_PRIV_KEY_TYPE:
		word(types_text);
		break;
	case KRSI_PRIV_KEY_OWNER:
		word(numbers_text);
		break;
	case KRSI_PRIV_KEY_MODE:
		word(modes_text);
		break;
	case KRSI_PRIV_KEY_FILESYSTEM:
	case KRSI_PRIV_KEY_FSTYPE:
		word(filesystems);
		break;
	case KRSI_PRIV_KEY_FACTS:
		word(facts_text);
		break;
	case KRSI_PRIV_KEY_ADDRESS:
		word(addresses_text);
		break;
	case KRSI_PRIV_KEY_PORT:
		word(ports_text);
		break;
	case KRSI_PRIV_KEY_FAMILY:
		word(families_text);
		break;
	case KRSI_PRIV_KEY_UNIX_PATH:
		if (chance(random, 50))
			word(abstracts_text);
		else
			path_text(random, text);
		break;
	case KRSI_PRIV_KEY_SIGNAL:
		word(signals_text);
		break;
	case KRSI_PRIV_KEY_CAPABILITY:
		word(capabilities_text);
		break;
	case KRSI_PRIV_KEY_MODULE:
		word(modules_text);
		break;
	case KRSI_PRIV_KEY_ARGV:
		word(arguments_text);
		break;
	case KRSI_PRIV_KEY_ENV:
		word(variables_text);
		break;
	case KRSI_PRIV_KEY_MOUNT_SOURCE:
		if (chance(random, 60))
			word(sources_text);
		else
			path_text(random, text);
		break;
	default:
		path_text(random, text);
	}
}

static void conditions_text(struct policy_random *random, struct policy_text *text, uint64_t keys, unsigned int percent);

static bool is_process(unsigned int key)
{
	return key == KRSI_PRIV_KEY_PARENT || key == KRSI_PRIV_KEY_DESCENDANT_OF || key == KRSI_PRIV_KEY_TARGET;
}

/* What a key is asked for: a list of entries, or what another process is. */
static void condition_text(struct policy_random *random, struct policy_text *text, unsigned int key)
{
	unsigned int count = 1 + policy_random_below(random, 3), i;

	if (is_process(key)) {
		policy_text_add(text, "{ ");
		conditions_text(random, text, key == KRSI_PRIV_KEY_TARGET ? KRSI_PRIV_KEYS_SUBJECT : krsi_priv_keys_relative(), 8);
		policy_text_add(text, " }");
		return;
	}
	policy_text_add(text, "[");
	for (i = 0; i < count; i++) {
		policy_text_add(text, "%s\"%s", i ? ", " : "", chance(random, 25) ? "!" : "");
		if (key < KRSI_PRIV_KEY_SUBJECT_END)
			subject_entry(random, text, key);
		else
			object_entry(random, text, key);
		policy_text_add(text, "\"");
	}
	policy_text_add(text, "]");
}

/* Some of the keys, at least one. Namespaces are all below one key, so there is at most one of them. */
static void conditions_text(struct policy_random *random, struct policy_text *text, uint64_t keys, unsigned int percent)
{
	const uint64_t namespaces = KEY(NS_CGROUP) * 0xff;
	const struct krsi_priv_key_info *info;
	unsigned int key, count = 0;

	while (!count) {
		for (key = 0; key < KRSI_PRIV_KEY_END; key++) {
			if (!(keys & KRSI_PRIV_KEY_BIT(key)) || !chance(random, namespaces & KRSI_PRIV_KEY_BIT(key) ? 2 : percent))
				continue;
			info = krsi_priv_key_info(key);
			policy_text_add(text, "%s", count++ ? ", " : "");
			if (info->below)
				policy_text_add(text, "%s: { ", info->below);
			policy_text_add(text, "%s: ", info->name);
			condition_text(random, text, key);
			policy_text_add(text, "%s", info->below ? " }" : "");
			if (info->below)
				keys &= ~namespaces;
		}
	}
}

#define FILE_KEYS (KEY(PATH) | KEY(IDENTITY) | KEY(TYPE) | KEY(OWNER) | KEY(MODE) | KEY(FILESYSTEM) | KEY(FACTS))
#define ADDRESS_KEYS (KEY(FAMILY) | KEY(ADDRESS) | KEY(PORT) | KEY(UNIX_PATH))
#define MOUNT_KEYS (FILE_KEYS | KEY(MOUNT_TARGET) | KEY(FSTYPE))

/* What a rule can be about, and what all of that knows. */
static const struct {
	const char *on;
	uint64_t keys;
} subjects_of_rules[] = {
	{ "file.open", FILE_KEYS }, { "file.read", FILE_KEYS }, { "file.write", FILE_KEYS }, { "file.rename", FILE_KEYS },
	{ "[file.open, file.write, process.exec]", FILE_KEYS }, { "[file, \"!file.open\"]", FILE_KEYS }, { "process.exec", FILE_KEYS },
	{ "process.exec", FILE_KEYS | KEY(ARGV) | KEY(ENV) }, { "file.open", FILE_KEYS }, { "file.unlink", FILE_KEYS },
	{ "network", KEY(FAMILY) }, { "network.connect", ADDRESS_KEYS }, { "[network.bind, network.connect]", ADDRESS_KEYS },
	{ "process.signal", KEY(TARGET) | KEY(SIGNAL) }, { "[process.signal, process.ptrace]", KEY(TARGET) }, { "process", 0 },
	{ "process.capset", KEY(CAPABILITY) }, { "kernel", 0 }, { "kernel.module_load", FILE_KEYS | KEY(MODULE) },
	{ "mount.mount", MOUNT_KEYS | KEY(MOUNT_SOURCE) }, { "[mount.mount, mount.move]", MOUNT_KEYS | KEY(MOUNT_SOURCE) },
	{ "mount.umount", MOUNT_KEYS }, { "mount", FILE_KEYS },
};

static void action_text(struct policy_random *random, struct policy_text *text)
{
	static const char *const errors[] = { "EPERM", "EACCES", "EROFS", "ENOENT" };
	uint32_t which = policy_random_below(random, 100);

	if (which < 18)
		policy_text_add(text, "allow");
	else if (which < 38)
		policy_text_add(text, "audit");
	else if (which < 70)
		policy_text_add(text, "{ deny: %s }", pick(random, errors));
	else if (which < 76)
		policy_text_add(text, "kill");
	else if (which < 84)
		policy_text_add(text, "{ signal: %s }", chance(random, 60) ? "TERM" : "HUP");
	else
		policy_text_add(text, "{ tag: %s%s }", pick(random, tags), chance(random, 40) ? ", tree: true" : "");
	if (which >= 18 && which < 38)
		return;
	if (chance(random, 15))
		policy_text_add(text, ", report: %s", chance(random, 50) ? chance(random, 20) ? "audit" : "true" : "false");
}

#define PROCESS_KEYS (KEY(PARENT) | KEY(DESCENDANT_OF) | KEY(TARGET))
#define FREE_RULES 12	/* of a policy, whose descriptions of other processes are free: there is room for 64 in all policies */

static const char *const ancestors[] = {
	"parent: { exe: /usr/bin/* }", "descendant_of: { uid: 0 }", "descendant_of: { tag: red }, parent: { uid: \"!0\" }", "parent: { cgroup: /a }",
};

static void side_text(struct policy_random *random, struct policy_text *text, const char *side, uint64_t keys, unsigned int percent, unsigned int number)
{
	if (number >= FREE_RULES)
		keys &= ~PROCESS_KEYS;
	if (!keys)
		return;
	policy_text_add(text, ", %s: { ", side);
	conditions_text(random, text, keys, percent);
	if (number >= FREE_RULES && (keys & KEY(EXE)) && chance(random, 20))
		policy_text_add(text, ", %s", pick(random, ancestors));
	policy_text_add(text, " }");
}

static void rule_text(struct policy_random *random, struct policy_text *text, unsigned int number)
{
	unsigned int which = policy_random_below(random, ARRAY_SIZE(subjects_of_rules));
	uint64_t keys = subjects_of_rules[which].keys;

	policy_text_add(text, "  - { name: r%u, on: %s", number, subjects_of_rules[which].on);
	if (chance(random, 40))
		side_text(random, text, "subject", KRSI_PRIV_KEYS_SUBJECT, 8, number);
	if (chance(random, 85))
		side_text(random, text, "object", keys, __builtin_popcountll(keys) > 2 ? 18 : 60, number);
	if (chance(random, 25))
		side_text(random, text, "unless", KRSI_PRIV_KEYS_SUBJECT | keys, 8, number);
	if (chance(random, 20))
		policy_text_add(text, ", mode: %s", chance(random, 60) ? "permissive" : "enforce");
	/* Refused, and another rule tried, where nothing is opened. */
	if (chance(random, 25))
		policy_text_add(text, ", already_open: true");
	policy_text_add(text, ", action: ");
	action_text(random, text);
	policy_text_add(text, " }\n");
}

static void defaults_text(struct policy_random *random, struct policy_text *text)
{
	static const char *const words[] = { "file", "network", "process.exec", "file.open", "network.connect", "kernel" };
	size_t i;
	unsigned int count = 0;

	policy_text_add(text, "default: { ");
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!chance(random, 30) && !(i + 1 == ARRAY_SIZE(words) && !count))
			continue;
		policy_text_add(text, "%s%s: %s", count++ ? ", " : "", words[i],
				chance(random, 20) ? "allow" : chance(random, 50) ? "deny" : "{ deny: EBUSY }");
	}
	policy_text_add(text, " }\n");
}

static void head_text(struct policy_random *random, struct policy_text *text, unsigned int number)
{
	static const char *const unresolved[] = { "deny", "audit", "allow" };

	policy_text_add(text, "version: 1\nname: p%u\n", number);
	if (chance(random, 20))
		policy_text_add(text, "mode: permissive\n");
	if (chance(random, 60))
		policy_text_add(text, "on_unresolved: %s\n", pick(random, unresolved));
	if (chance(random, 20)) {
		policy_text_add(text, "scope: { ");
		conditions_text(random, text, krsi_priv_keys_scope(), 40);
		policy_text_add(text, " }\n");
	}
	if (chance(random, 20))
		defaults_text(random, text);
	policy_text_add(text, "rules:\n");
}

/* Behind what `text` has already; what does not make sense together is refused, and another one tried. */
static struct krsi_policy *text_parse(struct krsi_ctx *ctx, const struct policy_text *text)
{
	struct krsi_policy *policy = NULL;
	int err = krsi_policy_parse(ctx, text->text, text->size, NULL, &policy);

	if (err != -EBADMSG)
		assert_ok(ctx, err);
	return policy;
}

static void valid_rule_text(struct policy_random *random, struct krsi_ctx *ctx, struct policy_text *text, unsigned int number)
{
	struct policy_text alone = { 0 };
	struct krsi_policy *policy;
	size_t head;

	policy_text_add(&alone, "version: 1\nname: alone\nrules:\n");
	head = alone.size;
	do {
		alone.size = head;
		rule_text(random, &alone, number);
		policy = text_parse(ctx, &alone);
	} while (!policy);
	krsi_policy_free(policy);
	policy_text_add(text, "%s", alone.text + head);
	policy_text_free(&alone);
}

struct krsi_policy *random_policy(struct policy_random *random, struct krsi_ctx *ctx, unsigned int number, unsigned int rules)
{
	struct policy_text text = { 0 };
	struct krsi_policy *policy;
	unsigned int i;

	do {
		text.size = 0;
		head_text(random, &text, number);
		for (i = 0; i < rules; i++)
			valid_rule_text(random, ctx, &text, i);
		policy = text_parse(ctx, &text);
	} while (!policy);
	policy_text_free(&text);
	return policy;
}

/* --- questions ----------------------------------------------------------- */

static void random_process(struct policy_random *random, struct random_processes *all, size_t number)
{
	struct krsi_priv_process *process = &all->processes[number];
	size_t i;

	*process = (struct krsi_priv_process){
		.exe = random_location(random, all->directories[number][0]),
		.uid = pick(random, numbers), .gid = pick(random, numbers), .groups = all->groups[number],
		.group_count = policy_random_below(random, 3), .login_uid = chance(random, 40) ? UINT32_MAX : pick(random, numbers),
		.capabilities = pick(random, capabilities), .cgroup = chance(random, 95) ? pick(random, cgroups) : NULL,
		.container = chance(random, 50) ? pick(random, containers) : NULL,
		.tags = all->tags[number], .tag_count = policy_random_below(random, 3),
		.parent = number && chance(random, 90) ? &all->processes[policy_random_below(random, (uint32_t)number)] : NULL,
	};
	if (chance(random, 40))
		process->script = random_location(random, all->directories[number][1]);
	for (i = 0; i < 2; i++) {
		all->groups[number][i] = pick(random, numbers);
		all->tags[number][i] = pick(random, tags);
	}
	for (i = 0; i < KRSI_PRIV_NAMESPACES; i++)
		if (chance(random, 95))
			process->namespaces[i] = chance(random, 50) ? 4026531835 + i : chance(random, 50) ? 4026531999 : 4026531998;
}

void random_processes(struct policy_random *random, struct random_processes *processes)
{
	size_t i;

	for (i = 0; i < RANDOM_PROCESSES; i++)
		random_process(random, processes, i);
}

static void file_roles(struct policy_random *random, uint32_t operation, size_t number, struct krsi_priv_file *file)
{
	bool is_mount = operation >= KRSI_PRIV_OP_MOUNT_MOUNT && operation <= KRSI_PRIV_OP_MOUNT_REMOUNT;

	file->roles = 1u << IMAGE_ROLE_PATH;
	if (is_mount && number == 0)
		file->roles |= 1u << IMAGE_ROLE_TARGET;
	if (is_mount && number == 1)
		file->roles = 1u << IMAGE_ROLE_SOURCE | (chance(random, 80) ? 1u << IMAGE_ROLE_PATH : 0);
}

static void random_file(struct policy_random *random, uint32_t operation, size_t number, struct random_question *all)
{
	struct krsi_priv_file *file = &all->question.files[number];

	file->location = random_location(random, all->directories[number]);
	file->unresolved = chance(random, 20);
	if (file->unresolved && chance(random, 80))
		file->location.path = (struct krsi_priv_bytes){ NULL, 0 };
	file->has_attributes = chance(random, 92);
	file->mode = pick(random, types) | pick(random, modes);
	file->owner = pick(random, numbers);
	file->facts = policy_random_below(random, 64) & policy_random_below(random, 64);
	file->filesystem = chance(random, 95) ? pick(random, filesystems) : NULL;
	file_roles(random, operation, number, file);
}

static struct krsi_priv_bytes random_bytes(struct policy_random *random, const char *text)
{
	return chance(random, 80) ? (struct krsi_priv_bytes){ text, strlen(text) } : (struct krsi_priv_bytes){ NULL, 0 };
}

static void random_socket(struct policy_random *random, struct krsi_priv_question *question)
{
	question->has_family = chance(random, 95);
	question->family = pick(random, families);
	question->has_address = chance(random, 70);
	memcpy(question->address, pick(random, addresses), sizeof(question->address));
	question->has_port = chance(random, 70);
	question->port = pick(random, ports);
	if (chance(random, 40))
		question->unix_path = random_bytes(random, random_path(random));
	else if (chance(random, 40))
		question->abstract = random_bytes(random, pick(random, abstracts));
}

static size_t random_strings(struct policy_random *random, const char *const *of, size_t count, struct krsi_priv_bytes *ret)
{
	size_t number = policy_random_below(random, RANDOM_STRINGS + 1), i;
	const char *text;

	for (i = 0; i < number; i++) {
		text = of[policy_random_below(random, (uint32_t)count)];
		ret[i] = (struct krsi_priv_bytes){ text, strlen(text) };
	}
	return number;
}

static uint32_t random_operation(struct policy_random *random, uint64_t operations)
{
	uint32_t operation;

	do {
		operation = 1 + policy_random_below(random, KRSI_PRIV_OP_END - 1 + KRSI_PRIV_OP_BITS - KRSI_PRIV_OP_OPENED);
		if (operation >= KRSI_PRIV_OP_END)
			operation += KRSI_PRIV_OP_OPENED - KRSI_PRIV_OP_END;
	} while (!(operations & KRSI_PRIV_OP_BIT(operation)) && !chance(random, 1));
	return operation;
}

void random_question(struct policy_random *random, uint64_t operations, const struct random_processes *processes,
		     struct random_question *all)
{
	struct krsi_priv_question *question = &all->question;
	size_t i;

	*all = (struct random_question){ .question = { .operation = random_operation(random, operations) } };
	question->subject = &pick(random, processes->processes);
	if (krsi_priv_operation(KRSI_PRIV_OP_TOLD(question->operation))->keys & KEY(PATH))
		question->file_count = chance(random, 75) ? 1 : policy_random_below(random, 4);
	for (i = 0; i < question->file_count; i++)
		random_file(random, question->operation, i, all);
	if (question->operation >= KRSI_PRIV_OP_NETWORK_SOCKET && question->operation <= KRSI_PRIV_OP_NETWORK_SEND)
		random_socket(random, question);
	if (chance(random, 90))
		question->target = &pick(random, processes->processes);
	question->has_signal = chance(random, 90);
	question->signal = pick(random, signals);
	question->wanted_capabilities = pick(random, capabilities);
	question->module = random_bytes(random, pick(random, modules));
	if (question->file_count < 2)
		question->source = random_bytes(random, pick(random, sources));
	question->fstype = chance(random, 90) ? pick(random, filesystems) : NULL;
	question->argv = all->argv;
	question->argv_count = random_strings(random, arguments, ARRAY_SIZE(arguments), all->argv);
	question->env = all->env;
	question->env_count = random_strings(random, variables, ARRAY_SIZE(variables), all->env);
}

/* --- showing ------------------------------------------------------------- */

static void location_print(const char *what, const struct krsi_priv_location *location)
{
	size_t i;

	print_message("#   %s %.*s, %u:%u:%llu below", what, location->path.at ? (int)location->path.size : 1,
		      location->path.at ? (const char *)location->path.at : "-", location->id.device >> 20, location->id.device & 0xfffff,
		      (unsigned long long)location->id.inode);
	for (i = 0; i < location->directory_count; i++)
		print_message(" %u:%llu", location->directories[i].device & 0xfffff, (unsigned long long)location->directories[i].inode);
	print_message("\n");
}

static void process_print(const struct krsi_priv_process *process)
{
	size_t i;

	location_print("exe", &process->exe);
	location_print("script", &process->script);
	print_message("#   uid %u, gid %u", process->uid, process->gid);
	for (i = 0; i < process->group_count; i++)
		print_message(" %u", process->groups[i]);
	print_message(", login %u, capabilities %llx, cgroup %s, container %s, tags", process->login_uid,
		      (unsigned long long)process->capabilities, process->cgroup ? process->cgroup : "-", process->container ? process->container : "-");
	for (i = 0; i < process->tag_count; i++)
		print_message(" %s", process->tags[i]);
	print_message(", namespaces");
	for (i = 0; i < KRSI_PRIV_NAMESPACES; i++)
		print_message(" %llu", (unsigned long long)process->namespaces[i]);
	print_message("\n");
	if (process->parent)
		print_message("#  started by\n");
	if (process->parent)
		process_print(process->parent);
}

static void texts_print(const struct krsi_priv_question *question)
{
	const struct { const char *what; const struct krsi_priv_bytes *bytes; } texts[] = {
		{ "unix_path", &question->unix_path }, { "abstract", &question->abstract }, { "module", &question->module }, { "source", &question->source },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].bytes->at)
			print_message("#  %s %.*s\n", texts[i].what, (int)texts[i].bytes->size, (const char *)texts[i].bytes->at);
	for (i = 0; i < question->argv_count; i++)
		print_message("#  argv %.*s\n", (int)question->argv[i].size, (const char *)question->argv[i].at);
	for (i = 0; i < question->env_count; i++)
		print_message("#  env %.*s\n", (int)question->env[i].size, (const char *)question->env[i].at);
}

void random_question_print(const struct krsi_priv_question *question)
{
	const struct krsi_priv_file *file;
	size_t i;

	print_message("# question: %s%s\n#  subject\n", krsi_priv_operation(KRSI_PRIV_OP_TOLD(question->operation))->name,
		      question->operation >= KRSI_PRIV_OP_OPENED ? ", opened earlier" : "");
	process_print(question->subject);
	if (question->target) {
		print_message("#  target\n");
		process_print(question->target);
	}
	for (file = question->files; file < question->files + question->file_count; file++) {
		location_print("file", &file->location);
		print_message("#    roles %x%s%s, mode %o, owner %u, facts %x, filesystem %s\n", file->roles, file->unresolved ? ", unresolved" : "",
			      file->has_attributes ? "" : ", without attributes", file->mode, file->owner, file->facts, file->filesystem ? file->filesystem : "-");
	}
	print_message("#  family %d, port %d, address", question->has_family ? question->family : -1, question->has_port ? question->port : -1);
	for (i = 0; question->has_address && i < sizeof(question->address); i++)
		print_message("%s%02x", i % 2 ? "" : " ", question->address[i]);
	print_message("\n#  signal %d, wanted capabilities %llx, fstype %s\n", question->has_signal ? (int)question->signal : -1,
		      (unsigned long long)question->wanted_capabilities, question->fstype ? question->fstype : "-");
	texts_print(question);
}
