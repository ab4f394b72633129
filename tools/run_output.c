/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Lines of `krsi run` on their way out. Policies stay in force whatever becomes of them: a reader that
 * sleeps, one that has gone, a full disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "run.h"
#include "tool.h"

/* More than this waits in the ring instead, where it takes less room. */
#define FULL (256 * 1024)

static const char *name(const struct output *output)
{
	return output->path ? output->path : "stdout";
}

/* --- opening --------------------------------------------------------------- */

/* A line that somebody did not end would take the next one with it. */
static bool end_is_missing(int fd, const struct stat *st)
{
	char path[64], last = '\n';
	int reader;

	if (!S_ISREG(st->st_mode) || !st->st_size)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reader = open(path, O_RDONLY | O_CLOEXEC);
	if (reader < 0)
		return false;
	if (pread(reader, &last, 1, st->st_size - 1) != 1)
		last = '\n';
	close(reader);
	return last != '\n';
}

/*
 * O_NONBLOCK belongs to an open file, and that of stdout is also our caller's. So we open it once more
 * where that can be done, which is for pipes and terminals.
 */
static int stdout_again(const struct stat *st)
{
	if (!S_ISFIFO(st->st_mode) && !S_ISCHR(st->st_mode))
		return -1;
	return open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* A descriptor for the lines, or -1 with errno. */
static int file_open(const struct output *output, bool *own)
{
	struct stat st;
	int fd;

	*own = true;
	if (output->path)
		return open(output->path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (fstat(STDOUT_FILENO, &st) < 0)
		return -1;
	fd = stdout_again(&st);
	*own = fd >= 0;
	return *own ? fd : STDOUT_FILENO;
}

static int fd_take(struct output *output)
{
	struct stat st;
	bool own;
	int fd;

	fd = file_open(output, &own);
	if (fd < 0 || fstat(fd, &st) < 0) {
		if (errno == ELOOP)
			tool_error("%s: is a symbolic link; name the file that it leads to", name(output));
		else if (errno == ENXIO)
			tool_error("%s: is a fifo that nobody reads, or a socket", name(output));
		else
			tool_error("%s: cannot be opened: %s", name(output), strerror(errno));
		if (fd >= 0 && own)
			close(fd);
		return -1;
	}
	if (output->own)
		close(output->fd);
	output->fd = fd;
	output->own = own;
	output->regular = S_ISREG(st.st_mode);
	output->socket = S_ISSOCK(st.st_mode);
	output->blocking = !own && !output->regular && !output->socket;
	output->torn = end_is_missing(fd, &st);
	return 0;
}

int output_open(struct output *output, const char *path, output_gap_fn gap_line, void *gap_data)
{
	*output = (struct output){ .path = path, .gap_line = gap_line, .gap_data = gap_data, .fd = -1 };
	return fd_take(output);
}

/* --- failing --------------------------------------------------------------- */

/* The line feed that ends an event: no line that belongs to it follows. NULL: there is none before `end`. */
static const char *event_end(const char *at, const char *end)
{
	const char *feed;

	while ((feed = memchr(at, '\n', (size_t)(end - at))) && feed + 1 < end && feed[1] == ' ')
		at = feed + 1;
	return feed;
}

/* Let go of all lines that are not written whole, and count them. */
static void lines_drop(struct output *output)
{
	const char *text = output->text, *end = text + output->size, *line, *feed;

	for (line = text; line < end; line = feed + 1) {
		feed = event_end(line, end);
		if (feed < text + output->done)
			continue;
		if (line == text && output->gap) {
			output->dropped += output->gap;	/* in the total already */
		} else {
			output->dropped++;
			output->dropped_total++;
		}
	}
	output->size = output->done = 0;
	output->gap = 0;
}

/* How many bytes of an event are there without the rest of it. */
static size_t torn_size(const struct output *output)
{
	const char *text = output->text, *end = text + output->size, *begin = text, *feed;

	while (begin < end && (feed = event_end(begin, end)) && feed < text + output->done)
		begin = feed + 1;
	return (size_t)(text + output->done - begin);
}

/* Take these last bytes of ours out of a file again, unless somebody else wrote behind them. */
static bool end_cut(const struct output *output, size_t size)
{
	off_t end = lseek(output->fd, 0, SEEK_CUR);
	struct stat st;

	if (!output->regular || end < (off_t)size || fstat(output->fd, &st) < 0 || st.st_size != end)
		return false;
	/* Of a stdout without O_APPEND the position has to go back as well. */
	return ftruncate(output->fd, end - (off_t)size) == 0 && lseek(output->fd, end - (off_t)size, SEEK_SET) >= 0;
}

static void fail(struct output *output, int err)
{
	size_t torn = torn_size(output);

	if (torn && !end_cut(output, torn))
		output->torn = true;
	lines_drop(output);
	if (output->failing)
		return;
	output->failing = true;
	tool_error("%s: %s; events are dropped and counted, and the policies stay in force", name(output),
		   err == EPIPE ? "nobody reads it any more" : strerror(err));
}

static void succeeded(struct output *output)
{
	if (output->failing)
		tool_error("%s: can be written again; %" PRIu64 " events were dropped", name(output), output->gap);
	output->failing = false;
	output->size = output->done = 0;
	output->gap = 0;
}

/* --- rotating -------------------------------------------------------------- */

/* All lines are written: the one place where no line can be torn. */
static void rotate(struct output *output)
{
	struct stat st;
	bool done;

	if (!output->path || !output->regular || !output->rotation.size || fstat(output->fd, &st) < 0 || !rotation_is_due(&output->rotation, (uint64_t)st.st_size))
		return;
	done = rotation_move(&output->rotation, output->path, output->fd) == 0 && fd_take(output) == 0;
	rotation_done(&output->rotation, done, (uint64_t)st.st_size);
}

/* --- writing --------------------------------------------------------------- */

/* As write(2), but it never waits. */
static ssize_t write_now(const struct output *output, const char *bytes, size_t size)
{
	struct pollfd ready = { .fd = output->fd, .events = POLLOUT };
	ssize_t n;

	if (output->blocking) {
		/* A pipe that is ready has room for so much. */
		if (size > PIPE_BUF)
			size = PIPE_BUF;
		if (poll(&ready, 1, 0) == 0) {
			errno = EAGAIN;
			return -1;
		}
	}
	do {
		n = output->socket ? send(output->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) :
				     write(output->fd, bytes, size);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = EIO;
	return n > 0 ? n : -1;
}

void output_flush(struct output *output)
{
	ssize_t n;

	if (!output->size)
		return;
	while (output->done < output->size) {
		n = output->torn ? write_now(output, "\n", 1) :
				   write_now(output, output->text + output->done, output->size - output->done);
		if (n < 0) {
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				fail(output, errno);
			return;
		}
		if (output->torn)
			output->torn = false;
		else
			output->done += (size_t)n;
	}
	succeeded(output);
	rotate(output);
}

/* Put a line at the end of those that wait. Whether there was memory for it. */
static bool line_append(struct output *output, const char *line)
{
	size_t size = strlen(line), need = output->size + size + 1, room;
	char *text;

	if (need > output->room) {
		room = need < 2 * output->room ? 2 * output->room : need;
		text = realloc(output->text, room);
		if (!text)
			return false;
		output->text = text;
		output->room = room;
	}
	memcpy(output->text + output->size, line, size);
	output->text[output->size + size] = '\n';
	output->size = need;
	return true;
}

static void gap_append(struct output *output)
{
	char *line = output->gap_line(output->gap_data, output->dropped, output->dropped_total);

	if (line && line_append(output, line)) {
		output->gap = output->dropped;
		output->dropped = 0;
	}
	free(line);
}

void output_add(struct output *output, char *line)
{
	if (!output->size && output->dropped && !output->given_up)
		gap_append(output);
	if (output->given_up || !line || !line_append(output, line)) {
		output->dropped++;
		output->dropped_total++;
	}
	free(line);
}

bool output_is_pending(const struct output *output)
{
	return output->size;
}

bool output_is_full(const struct output *output)
{
	return output->size - output->done >= FULL;
}

/* --- ending ---------------------------------------------------------------- */

int output_reopen(struct output *output)
{
	if (!output->path)
		return 0;
	output_flush(output);
	/* A fifo whose reader sleeps: the rest of a line belongs there. */
	if (output_is_pending(output))
		return 0;
	return fd_take(output);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

void output_finish(struct output *output, int64_t *patience_ms)
{
	struct pollfd ready = { .fd = output->fd, .events = POLLOUT };
	int64_t until = now_ms() + *patience_ms;

	output_flush(output);
	while (output_is_pending(output) && until > now_ms()) {
		poll(&ready, 1, (int)(until - now_ms()));
		output_flush(output);
	}
	*patience_ms = until > now_ms() ? until - now_ms() : 0;
	if (!output_is_pending(output))
		return;
	tool_error("%s: nobody takes the last events", name(output));
	lines_drop(output);
	output->given_up = true;
}

void output_close(struct output *output)
{
	if (output->own)
		close(output->fd);
	free(output->text);
	*output = (struct output){ .fd = -1 };
}
