/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The socket of `krsi run`: whoever connects gets one text and the end. Policies and events come first, so
 * nothing here waits, no more than a few are served at a time, and who does not read is let go.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "run_stats.h"
#include "stats_socket.h"
#include "tool.h"

#define CLIENTS_MAX 8
#define BACKLOG 16

/* A client has so long to take all of it; and when none can be let in, it is tried again after the other time. */
#define CLIENT_MS 5000
#define PAUSE_MS 1000

struct client {
	int fd;			/* -1: this place is free */
	char *text;
	size_t size, done;
	int64_t until;
};

struct stats_server {
	struct sockaddr_un address;
	struct stat made;	/* the socket that we bound */
	stats_text_fn text;
	void *data;
	int fd, epoll_fd;
	bool watched;		/* the epoll descriptor tells of who comes */
	bool failing;		/* and stderr was told */
	int64_t paused_until;
	struct client clients[CLIENTS_MAX];
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* --- the directory ---------------------------------------------------------- */

static void warn(const char *path, const char *why)
{
	tool_error("warning: %s: %s; krsi stats and krsi top will not see this process", path, why);
}

/* Whoever else could write there could put a socket of his own in place of ours. */
static int dir_check(const char *dir)
{
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		warn(dir, strerror(errno));
		return -1;
	}
	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		warn(dir, "is not a directory");
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		warn(dir, "belongs to another user; remove it");
	else if (st.st_mode & 022)
		warn(dir, "others may write there; make its mode 0700");
	else
		return 0;
	return -1;
}

/* Whether a socket is nobody's: its process is gone, and nobody listens in another PID namespace either. */
static bool is_stale(const struct sockaddr_un *address, pid_t pid)
{
	bool stale;
	int fd;

	if (pid != getpid() && (kill(pid, 0) == 0 || errno != ESRCH))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 && errno == ECONNREFUSED;
	close(fd);
	return stale;
}

static void stale_remove(const char *dir)
{
	struct sockaddr_un address;
	struct dirent *entry;
	DIR *list = opendir(dir);
	pid_t pid;

	while (list && (entry = readdir(list))) {
		pid = stats_socket_pid(entry->d_name);
		if (pid && stats_address(&address, dir, pid) == 0 && is_stale(&address, pid))
			unlink(address.sun_path);
	}
	if (list)
		closedir(list);
}

/* --- beginning and end ------------------------------------------------------ */

/* Tell of who comes, or do not. */
static void listener_watch(struct stats_server *server, bool wanted)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };

	if (server->watched == wanted)
		return;
	if (epoll_ctl(server->epoll_fd, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, server->fd, &event) == 0)
		server->watched = wanted;
}

static int listener_open(struct stats_server *server)
{
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->fd < 0 || server->epoll_fd < 0)
		return -1;
	/* The file that bind(2) makes has the mode of the descriptor, so it is never wider, not for a moment. */
	if (fchmod(server->fd, 0600) < 0)
		return -1;
	if (bind(server->fd, (const struct sockaddr *)&server->address, sizeof(server->address)) < 0)
		return -1;
	if (lstat(server->address.sun_path, &server->made) < 0 || listen(server->fd, BACKLOG) < 0)
		return -1;
	listener_watch(server, true);
	return server->watched ? 0 : -1;
}

struct stats_server *stats_server_open(const char *dir, stats_text_fn text, void *data)
{
	struct stats_server *server;
	size_t i;

	if (dir_check(dir))
		return NULL;
	stale_remove(dir);
	server = calloc(1, sizeof(*server));
	if (!server) {
		warn(dir, "no memory");
		return NULL;
	}
	server->text = text;
	server->data = data;
	server->fd = server->epoll_fd = -1;
	for (i = 0; i < CLIENTS_MAX; i++)
		server->clients[i].fd = -1;
	if (stats_address(&server->address, dir, getpid()) == 0 && listener_open(server) == 0)
		return server;
	warn(server->address.sun_path, strerror(errno));
	stats_server_close(server);
	return NULL;
}

static void client_end(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	free(client->text);
	*client = (struct client){ .fd = -1 };
}

void stats_server_close(struct stats_server *server)
{
	struct stat st;
	size_t i;

	if (!server)
		return;
	for (i = 0; i < CLIENTS_MAX; i++)
		client_end(&server->clients[i]);
	if (server->made.st_ino && lstat(server->address.sun_path, &st) == 0 && st.st_ino == server->made.st_ino &&
	    st.st_dev == server->made.st_dev)
		unlink(server->address.sun_path);
	if (server->fd >= 0)
		close(server->fd);
	if (server->epoll_fd >= 0)
		close(server->epoll_fd);
	free(server);
}

int stats_server_fd(const struct stats_server *server)
{
	return server ? server->epoll_fd : -1;
}

/* --- clients ------------------------------------------------------------------ */

static struct client *client_place(struct stats_server *server)
{
	size_t i;

	for (i = 0; i < CLIENTS_MAX; i++)
		if (server->clients[i].fd < 0)
			return &server->clients[i];
	return NULL;
}

/* Write what can be written now, and let the client go when that is all, or when it does not take it. */
static void client_write(struct client *client)
{
	ssize_t n;

	while (client->done < client->size) {
		n = send(client->fd, client->text + client->done, client->size - client->done, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			client->done += (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && now_ms() < client->until)
			return;
		break;
	}
	client_end(client);
}

static void client_begin(struct stats_server *server, struct client *client, int fd)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = client };

	*client = (struct client){ .fd = fd, .text = server->text(server->data), .until = now_ms() + CLIENT_MS };
	client->size = client->text ? strlen(client->text) : 0;
	if (!client->text || epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		client_end(client);
	else
		client_write(client);
}

/* Who waits stays in the queue, and a descriptor that is ready for ever must not keep the loop busy. */
static void pause_begin(struct stats_server *server)
{
	if (!server->failing)
		tool_error("warning: %s: nobody can be let in: %s; tried again each second", server->address.sun_path, strerror(errno));
	server->failing = true;
	server->paused_until = now_ms() + PAUSE_MS;
}

static void client_accept(struct stats_server *server)
{
	struct client *client = client_place(server);
	int fd;

	if (!client || now_ms() < server->paused_until)
		return;
	fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		server->failing = false;
		client_begin(server, client, fd);
	} else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		pause_begin(server);
	}
}

void stats_server_serve(struct stats_server *server)
{
	size_t i;

	if (!server)
		return;
	for (i = 0; i < CLIENTS_MAX; i++)
		if (server->clients[i].fd >= 0)
			client_write(&server->clients[i]);
	client_accept(server);
	listener_watch(server, client_place(server) && now_ms() >= server->paused_until);
}
