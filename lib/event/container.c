/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Containers by the names that runtimes give to cgroups. What a container is must be what the key `container`
 * of policies says (bpf/engine/subject.bpf.h), or a rule would not match the container that its event names:
 *
 *	NAME-ID.scope, NAME-ID, ID.scope or ID, where ID is 64 hexadecimal digits
 *
 * The outermost one counts: a process in a container can make cgroups of any name, but only below its own.
 * Machines of systemd have no such ID. They are looked for where there is no container, and policies know them by
 * their cgroup only.
 */
#include <string.h>

#include "container.h"

#define ID_SIZE 64
#define LEVELS 31	/* that policies look at */

struct name {
	const char *text;
	size_t size;
};

/* Go to the next name of the path, in front of which `*at` is. False: there is none. */
static bool name_next(const char **at, const char *end, struct name *name)
{
	const char *slash;

	while (*at < end && **at == '/')
		++*at;
	if (*at == end)
		return false;
	name->text = *at;
	slash = memchr(*at, '/', (size_t)(end - *at));
	*at = slash ? slash : end;
	name->size = (size_t)(*at - name->text);
	return true;
}

static bool name_is(const struct name *name, const char *text)
{
	return name->size == strlen(text) && memcmp(name->text, text, name->size) == 0;
}

static bool begins(const struct name *name, const char *text)
{
	return name->size >= strlen(text) && memcmp(name->text, text, strlen(text)) == 0;
}

/* Take it off the end, when it is there and not all. */
static bool end_cut(struct name *name, const char *text)
{
	size_t size = strlen(text);

	if (name->size <= size || memcmp(name->text + name->size - size, text, size) != 0)
		return false;
	name->size -= size;
	return true;
}

/* --- IDs of 64 digits ------------------------------------------------------- */

static bool is_hex(const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
			return false;
	return true;
}

/* `name` becomes what is in front of the ID, with its dash. */
static bool id_cut(struct name *name, struct krsi_priv_container *container)
{
	size_t start;

	if (name->size >= ID_SIZE + strlen(".scope"))
		end_cut(name, ".scope");
	if (name->size < ID_SIZE)
		return false;
	start = name->size - ID_SIZE;
	if (start && name->text[start - 1] != '-')
		return false;
	/* It watches a container from outside of it. */
	if (start >= strlen("conmon-") && memcmp(name->text + start - strlen("conmon-"), "conmon", strlen("conmon")) == 0)
		return false;
	if (!is_hex(name->text + start, ID_SIZE))
		return false;
	container->id = name->text + start;
	container->size = ID_SIZE;
	name->size = start;
	return true;
}

/* Who calls cgroups so: by what is in front of the ID or, where nothing is, by the cgroup above. */
static const char *runtime_find(const struct name *before, const struct name *above)
{
	static const struct {
		const char *before, *runtime;
	} runtimes[] = {
		{ "docker-", "docker" }, { "cri-containerd-", "containerd" }, { "nerdctl-", "containerd" },
		{ "crio-", "cri-o" }, { "libpod-", "podman" },
	};
	size_t i;

	for (i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (begins(before, runtimes[i].before))
			return runtimes[i].runtime;
	return !before->size && name_is(above, "docker") ? "docker" : NULL;
}

static bool container_find(const char *at, const char *end, struct krsi_priv_container *ret)
{
	struct name name, above = { .size = 0 };
	int level;

	for (level = 0; level < LEVELS && name_next(&at, end, &name); level++) {
		if (id_cut(&name, ret)) {
			ret->runtime = runtime_find(&name, &above);
			return true;
		}
		above = name;
	}
	return false;
}

/* --- machines of systemd ----------------------------------------------------- */

/* As systemd-machined(8) names units: machine-NAME.scope, or systemd-nspawn@NAME.service, in machine.slice. */
static bool machine_find(const char *at, const char *end, struct krsi_priv_container *ret)
{
	struct name name;
	size_t before;

	if (!name_next(&at, end, &name) || !name_is(&name, "machine.slice") || !name_next(&at, end, &name))
		return false;
	if (begins(&name, "machine-") && end_cut(&name, ".scope"))
		before = strlen("machine-");
	else if (begins(&name, "systemd-nspawn@") && end_cut(&name, ".service"))
		before = strlen("systemd-nspawn@");
	else
		return false;
	ret->id = name.text + before;
	ret->size = name.size > before ? name.size - before : 0;
	ret->runtime = "systemd";
	/* libvirt's virtual machines are named so as well, with an escaped dash behind the hypervisor. */
	name = (struct name){ ret->id, ret->size };
	return ret->size && !begins(&name, "qemu\\x2d") && !begins(&name, "lxc\\x2d");
}

bool krsi_priv_container_find(const char *cgroup, size_t size, struct krsi_priv_container *ret)
{
	return container_find(cgroup, cgroup + size, ret) || machine_find(cgroup, cgroup + size, ret);
}
