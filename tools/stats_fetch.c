/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Asking running `krsi run`s for their figures. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "stats.h"
#include "stats_socket.h"
#include "tool.h"

#define PATIENCE_S 5
#define ANSWER_MAX ((size_t)64 << 20)

/* --- members ------------------------------------------------------------------ */

const json_t *figure(const json_t *object, const char *path)
{
	char name[64];
	size_t len;

	for (; object && *path; path += len + (path[len] == '.')) {
		len = strcspn(path, ".");
		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		object = json_object_get(object, name);
	}
	return object;
}

int64_t figure_number(const json_t *object, const char *path)
{
	return json_integer_value(figure(object, path));
}

const char *figure_text(const json_t *object, const char *path)
{
	const char *text = json_string_value(figure(object, path));

	return text ? text : "";
}

/* --- one process ---------------------------------------------------------------- */

json_t *figures_read(const char *text, size_t size, const char **problem)
{
	json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(object))
		*problem = size ? "its answer is not a JSON object" : "it gave no answer; it may have just ended";
	else if (figure_number(object, "format") > STATS_FORMAT)
		*problem = "its answer is of a newer krsi; use that version's command";
	else if (figure_number(object, "format") < 1 || figure_number(object, "pid") < 1)
		*problem = "its answer is not one of krsi run";
	else
		return object;
	json_decref(object);
	return NULL;
}

/* A connection, or -1 with errno: ENOENT or ECONNREFUSED when nobody is there. */
static int connect_to(const char *dir, pid_t pid)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un address;
	int fd, saved;

	if (stats_address(&address, dir, pid))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* All that comes until the end, to free; NULL with errno. */
static char *answer_read(int fd, size_t *size)
{
	char *text = NULL, *more;
	size_t room = 0;
	ssize_t n = 1;

	*size = 0;
	while (n) {
		if (*size == room) {
			room = room ? room * 2 : 65536;
			errno = EMSGSIZE;
			more = room > ANSWER_MAX ? NULL : realloc(text, room);
			if (!more)
				break;
			text = more;
		}
		n = read(fd, text + *size, room - *size);
		if (n < 0 && errno != EINTR)
			break;
		*size += n > 0 ? (size_t)n : 0;
	}
	if (n == 0)
		return text;
	free(text);
	return NULL;
}

static int fail(pid_t pid, const char *problem)
{
	tool_error("process %d: %s", (int)pid, problem);
	return TOOL_FAILED;
}

/* TOOL_OK with the object, or with none when there is no such process. */
static int ask(const char *dir, pid_t pid, json_t **ret)
{
	const char *problem;
	char *text;
	size_t size;
	int fd = connect_to(dir, pid);

	*ret = NULL;
	if (fd < 0 && (errno == ENOENT || errno == ECONNREFUSED))
		return TOOL_OK;
	if (fd < 0)
		return fail(pid, errno == EACCES ? "only root may ask it" : strerror(errno));
	text = answer_read(fd, &size);
	close(fd);
	if (!text)
		return fail(pid, errno == EAGAIN ? "it does not answer; it may be stopped" : strerror(errno));
	*ret = figures_read(text, size, &problem);
	free(text);
	return *ret ? TOOL_OK : fail(pid, problem);
}

/* --- all of them ------------------------------------------------------------------ */

static int is_socket(const struct dirent *entry)
{
	return stats_socket_pid(entry->d_name) != 0;
}

static int add(const char *dir, pid_t pid, struct figures *figures)
{
	json_t *object, **more;
	int code = ask(dir, pid, &object);

	if (code || !object)
		return code;
	more = reallocarray(figures->list, figures->count + 1, sizeof(*more));
	if (!more) {
		json_decref(object);
		return fail(pid, "no memory");
	}
	figures->list = more;
	figures->list[figures->count++] = object;
	return TOOL_OK;
}

static int add_all(const char *dir, struct figures *figures)
{
	struct dirent **names;
	int count = scandir(dir, &names, is_socket, versionsort), i, code = TOOL_OK;

	if (count < 0 && errno != ENOENT) {
		tool_error("%s: cannot be read: %s%s", dir, strerror(errno), errno == EACCES ? "; only root may ask" : "");
		return TOOL_FAILED;
	}
	for (i = 0; i < count; i++) {
		if (add(dir, stats_socket_pid(names[i]->d_name), figures))
			code = TOOL_FAILED;
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return code;
}

int figures_fetch(const char *dir, pid_t pid, struct figures *figures)
{
	int code;

	*figures = (struct figures){ NULL, 0 };
	code = pid ? add(dir, pid, figures) : add_all(dir, figures);
	if (figures->count)
		return TOOL_OK;		/* one that does not answer was told, and hides nobody */
	if (!code && pid)
		tool_error("process %d is no krsi run that can be asked; krsi stats shows those that are", (int)pid);
	else if (!code)
		tool_error("no krsi run is there that can be asked; start one, without --no-stats");
	return TOOL_FAILED;
}

void figures_free(struct figures *figures)
{
	while (figures->count)
		json_decref(figures->list[--figures->count]);
	free(figures->list);
	figures->list = NULL;
}
