/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "stats_socket.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int stats_address(struct sockaddr_un *address, const char *dir, pid_t pid)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (snprintf(address->sun_path, sizeof(address->sun_path), "%s/%d.sock", dir, (int)pid) < (int)sizeof(address->sun_path))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* Digits, with `end` behind them. */
static pid_t pid_read(const char *text, const char *end)
{
	char *rest;
	long pid;

	if (!isdigit((unsigned char)*text))	/* strtol() takes spaces and signs */
		return 0;
	errno = 0;
	pid = strtol(text, &rest, 10);
	return errno || pid > INT32_MAX || strcmp(rest, end) != 0 ? 0 : (pid_t)pid;
}

pid_t stats_socket_pid(const char *name)
{
	return pid_read(name, ".sock");
}

pid_t stats_pid(const char *text)
{
	return pid_read(text, "");
}
