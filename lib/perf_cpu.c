/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/perf_event.h>

#include "perf_cpu.h"

/* The kernel's own messages; group 2 is what udev makes of them. */
#define KERNEL_GROUP 1

int krsi_priv_perf_cpu_try(uint32_t cpu, const struct perf_event_attr *attr)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int krsi_priv_perf_cpu_watch(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
	int fd, err;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Such as "online@/devices/system/cpu/cpu3"; what follows the first NUL says the same once more. */
static bool change_read(const char *message, struct krsi_priv_perf_cpu_change *change)
{
	char word[8];

	if (sscanf(message, "%7[a-z]@/devices/system/cpu/cpu%u", word, &change->cpu) != 2)
		return false;
	change->online = strcmp(word, "online") == 0;
	return change->online || strcmp(word, "offline") == 0;
}

int krsi_priv_perf_cpu_next(int watch, struct krsi_priv_perf_cpu_change *change)
{
	struct sockaddr_nl from;
	char message[2048];
	ssize_t n;

	for (;;) {
		socklen_t size = sizeof(from);

		n = recvfrom(watch, message, sizeof(message) - 1, 0, (struct sockaddr *)&from, &size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ENOBUFS ? -ENOBUFS : 0;
		message[n] = '\0';
		/* Whoever has CAP_NET_ADMIN can send to the group; only the kernel has no port. */
		if (from.nl_pid == 0 && change_read(message, change))
			return 1;
	}
}
