/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/error.h>

#include "errors.h"

static const struct {
	int err;
	const char *name;
	const char *meaning;
} errors[] = {
	{ 0, "0", "success" },
	{ EINVAL, "EINVAL", "an argument is not usable" },
	{ E2BIG, "E2BIG", "an options struct asks for something that this library is too old to know" },
	{ ENOMEM, "ENOMEM", "no memory" },
	{ ENOENT, "ENOENT", "no such file, program, map, variable, key or hook" },
	{ EEXIST, "EEXIST", "the key or the pin is there already" },
	{ EBADMSG, "EBADMSG", "the input is not what it should be, or is damaged" },
	{ ENOEXEC, "ENOEXEC", "the kernel's verifier refused a program" },
	{ EPERM, "EPERM", "not permitted: a capability is missing, or lockdown or a limit forbids it" },
	{ EACCES, "EACCES", "file permissions or the map's mode do not allow it" },
	{ EOPNOTSUPP, "EOPNOTSUPP", "this kernel, as built and booted, cannot do it" },
	{ EBADFD, "EBADFD", "the handle is in the wrong state for this call" },
	{ EALREADY, "EALREADY", "it was done before" },
	{ EMSGSIZE, "EMSGSIZE", "a key or value has not the map's size, or a record not its type's" },
	{ ENOSPC, "ENOSPC", "the map is full, or a buffer too small" },
	{ EUSERS, "EUSERS", "the hook holds as many programs as the kernel allows" },
	{ EBUSY, "EBUSY", "somebody else holds it" },
	{ EXDEV, "EXDEV", "the path is not on a BPF file system" },
	{ ECANCELED, "ECANCELED", "a callback of the caller stopped the work" },
	{ EMFILE, "EMFILE", "no file descriptor left" },
	{ EIO, "EIO", "an error that libkrsi does not expect; the detail names it" },
};

#define ERROR_COUNT (sizeof(errors) / sizeof(errors[0]))

static size_t find(int err)
{
	size_t i;

	for (i = 0; i < ERROR_COUNT; i++)
		if (err == errors[i].err || err == -errors[i].err)
			return i;
	return ERROR_COUNT - 1;	/* EIO */
}

const char *krsi_strerror(int err)
{
	return errors[find(err)].meaning;
}

const char *krsi_error_name(int err)
{
	return errors[find(err)].name;
}

int krsi_priv_error_close(int err)
{
	return -errors[find(err)].err;
}

const char *krsi_priv_errno_name(int err)
{
	const char *name;

	err = abs(err);
	if (err == 524)		/* ENOTSUPP is the kernel's own and in no libc header */
		return "ENOTSUPP (524)";
	name = strerrorname_np(err);
	return name ? name : "an unknown error";
}
