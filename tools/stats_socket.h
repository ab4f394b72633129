/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Where `krsi run` can be asked for its figures, and how they are numbered: for who answers and for who asks. */
#ifndef KRSI_TOOL_STATS_SOCKET_H
#define KRSI_TOOL_STATS_SOCKET_H

#include <sys/types.h>
#include <sys/un.h>

#define STATS_DIR "/run/krsi"

/* The member "format": a higher number when a member changes its meaning or goes. */
#define STATS_FORMAT 1

/* DIR/PID.sock. 0, or -1 with ENAMETOOLONG. */
int stats_address(struct sockaddr_un *address, const char *dir, pid_t pid);

/* The PID in "PID.sock"; 0: it is another name. */
pid_t stats_socket_pid(const char *name);

/* A PID of an argument; 0: it is none. */
pid_t stats_pid(const char *text);

#endif
