/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Sealing: the kernel keeps a reference of each link, so that a program stays when this process ends, and root
 * cannot take it off. A link cannot be unsealed, so what was sealed before a failure stays sealed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <libkrsi/object.h>

#include "../additions.h"
#include "../ctx.h"
#include "../errors.h"
#include "engine.h"
#include "programs.h"

static int support_check(struct krsi_engine *engine)
{
	struct krsi_additions additions = { 0 };
	char why[512];
	int err = krsi_priv_additions_read(&additions, why, sizeof(why));
	bool can_seal = additions.info.features & KRSI_ADDITION_SEAL;

	krsi_priv_additions_clear(&additions);
	if (err)
		return krsi_priv_fail(engine->ctx, err, "krsi_engine_seal: %s", why);
	if (can_seal)
		return 0;
	return krsi_priv_fail(engine->ctx, -EOPNOTSUPP, "krsi_engine_seal: this kernel cannot seal links (%s/features does not list it); "
			      "load libkrsi's module krsi.ko, or boot a kernel with libkrsi's patches: docs/kernel.md", krsi_priv_additions_dir);
}

static int file_open(struct krsi_engine *engine)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/seal", krsi_priv_additions_dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == EACCES || errno == EPERM)
		return krsi_priv_fail(engine->ctx, -EPERM, "krsi_engine_seal: %s: %s; sealing needs root and CAP_MAC_ADMIN", path, krsi_priv_errno_name(errno));
	return krsi_priv_fail(engine->ctx, krsi_priv_error_close(-errno), "krsi_engine_seal: %s: %s", path, krsi_priv_errno_name(errno));
}

static int program_seal(struct krsi_engine *engine, const struct krsi_object *object, const char *name, int file)
{
	char text[16];
	int fd, err, len;

	err = krsi_object_link_fd(object, name, &fd);
	if (err)
		return err;
	len = snprintf(text, sizeof(text), "%d", fd);
	/* Somebody else may have sealed it through a descriptor of his own. */
	if (write(file, text, (size_t)len) < 0 && errno != EALREADY) {
		err = errno;
		return krsi_priv_fail(engine->ctx, err == EPERM ? -EPERM : krsi_priv_error_close(-err), "krsi_engine_seal: program %s is not sealed: %s%s",
				      name, krsi_priv_errno_name(err), err == EPERM ? "; it needs CAP_MAC_ADMIN" : "");
	}
	return 0;
}

static int link_seal(struct krsi_engine *engine, size_t i, int file)
{
	struct krsi_priv_engine_link *link = &engine->kernel.links[i];
	const char *name = krsi_priv_engine_programs[i].name;
	int err = program_seal(engine, link->object, name, file);

	if (!err && link->copied)
		err = program_seal(engine, link->copy, name, file);
	link->sealed = !err;
	return err;
}

int krsi_engine_seal(struct krsi_engine *engine)
{
	size_t i;
	int err, file;

	if (!engine)
		return krsi_priv_fail(NULL, -EINVAL, "krsi_engine_seal: engine is NULL");
	err = support_check(engine);
	if (err)
		return err;
	if (!krsi_engine_program(engine, 0))
		return krsi_priv_fail(engine->ctx, -EBADFD, "krsi_engine_seal: no program is attached; apply policies first");
	file = file_open(engine);
	if (file < 0)
		return file;
	for (i = 0; !err && i < krsi_priv_engine_program_count; i++)
		if (engine->kernel.links[i].attached && !engine->kernel.links[i].sealed)
			err = link_seal(engine, i, file);
	close(file);
	return err;
}
