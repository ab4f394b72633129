/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "text.h"

#define NAME_MAX_COMPARED 64	/* longer names are compared by their beginning */
#define SUGGESTIONS 3
#define FILE_SIZE_MAX ((size_t)256 << 20)

unsigned int krsi_priv_kernel_version(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) == 0)
		sscanf(name.release, "%u.%u", &major, &minor);
	return KRSI_PRIV_KERNEL(major, minor);
}

ssize_t krsi_priv_file_read(const char *path, char *text, size_t size)
{
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return n;
	if (n && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	return n;
}

static int fd_load(int fd, size_t size, char *data)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = read(fd, data + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;	/* it shrank while we read */
		done += (size_t)n;
	}
	return 0;
}

int krsi_priv_file_load(const char *path, char **data, size_t *size)
{
	struct stat st;
	char *bytes = NULL;
	int fd, err = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode) || (unsigned long long)st.st_size > FILE_SIZE_MAX)
		err = -EBADMSG;
	if (!err) {
		bytes = malloc((size_t)st.st_size + 1);
		err = bytes ? fd_load(fd, (size_t)st.st_size, bytes) : -ENOMEM;
	}
	close(fd);
	if (err) {
		free(bytes);
		return err;
	}
	bytes[st.st_size] = '\0';
	*data = bytes;
	*size = (size_t)st.st_size;
	return 0;
}

/* Levenshtein's distance, one row of the table at a time. */
static size_t distance(const char *a, const char *b)
{
	size_t len_a = strnlen(a, NAME_MAX_COMPARED), len_b = strnlen(b, NAME_MAX_COMPARED);
	size_t row[NAME_MAX_COMPARED + 1], i, j, diagonal, above, best;

	for (j = 0; j <= len_b; j++)
		row[j] = j;
	for (i = 1; i <= len_a; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= len_b; j++) {
			above = row[j];
			best = diagonal + (a[i - 1] != b[j - 1]);
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[len_b];
}

/* How unlike two names are; a name that contains the other is near whatever its length. */
static size_t unlike(const char *wrong, const char *name)
{
	size_t d = distance(wrong, name);

	if (strlen(wrong) >= 4 && strstr(name, wrong) && d > 1)
		return 1;
	return d;
}

void krsi_priv_suggest(const char *wrong, krsi_priv_name_fn name, const void *list, char *text,
		       size_t size)
{
	struct { const char *name; size_t d; } best[SUGGESTIONS] = { { NULL, 0 } };
	size_t worst = strlen(wrong) / 3 + 1, used = 0, i, k, n = 0;
	const char *candidate;

	text[0] = '\0';
	for (i = 0; (candidate = name(list, i)); i++) {
		size_t d = unlike(wrong, candidate);

		if (d > worst)
			continue;
		for (k = n; k > 0 && best[k - 1].d > d; k--)
			if (k < SUGGESTIONS)
				best[k] = best[k - 1];
		if (k < SUGGESTIONS) {
			best[k].name = candidate;
			best[k].d = d;
			if (n < SUGGESTIONS)
				n++;
		}
	}
	for (k = 0; k < n && used < size; k++)
		used += (size_t)snprintf(text + used, size - used, "%s%s%s",
					 k == 0 ? ", did you mean " : k + 1 == n ? " or " : ", ",
					 best[k].name, k + 1 == n ? "?" : "");
}
