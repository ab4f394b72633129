// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arguments and environment of a program that is about to start. They are in the address
 * space that it will have, one behind the other from bprm->p on; nobody but the kernel has
 * that space before exec_mmap(). tomoyo_dump_page() reads them the same way.
 *
 * There can be six megabytes of them. A page at a time is held, whoever is killed need not
 * wait, and others get the processor between two pages.
 */
#include <linux/binfmts.h>
#include <linux/bpf.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "compat.h"
#include "krsi.h"

struct strings {
	struct mm_struct *mm;
	unsigned long pos;
	struct page *page;	/* the one that has pos, once it was looked at */
	char *address;
};

static long get_page_at(struct strings *s)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
	return get_user_pages_remote(s->mm, s->pos, 1, FOLL_FORCE, &s->page, NULL);
#else
	return get_user_pages_remote(s->mm, s->pos, 1, FOLL_FORCE, &s->page, NULL, NULL);
#endif
}

static void strings_close(struct strings *s)
{
	if (!s->page)
		return;
	kunmap_local(s->address);
	put_page(s->page);
	s->page = NULL;
}

static int strings_open(struct strings *s, struct linux_binprm *bprm)
{
	/* Kernels before 6.3 let NULL through to us. */
	if (!bprm)
		return -EINVAL;
	/* From exec_mmap() on the strings are in current->mm, at the same place. */
	*s = (struct strings){ .mm = bprm->mm ?: current->mm, .pos = bprm->p };
	return s->mm ? 0 : -ESRCH;
}

/* Set @at to what is at the position, and return how many bytes can be read there, at least one. */
static int strings_peek(struct strings *s, const char **at)
{
	long pages;

	if (!s->page) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		mmap_read_lock(s->mm);
		pages = get_page_at(s);
		mmap_read_unlock(s->mm);
		if (pages != 1) {
			s->page = NULL;
			return pages < 0 ? pages : -EFAULT;
		}
		s->address = kmap_local_page(s->page);
	}
	*at = s->address + offset_in_page(s->pos);
	return PAGE_SIZE - offset_in_page(s->pos);
}

/* @n: not more than strings_peek() said. */
static void strings_advance(struct strings *s, unsigned int n)
{
	s->pos += n;
	if (!offset_in_page(s->pos))
		strings_close(s);
}

/* Go behind the end of @count strings; the first may have been begun. */
static int strings_skip(struct strings *s, int count)
{
	const char *at, *nul;
	int n;

	while (count > 0) {
		n = strings_peek(s, &at);
		if (n < 0)
			return n;
		nul = memchr(at, 0, n);
		if (nul)
			count--;
		strings_advance(s, nul ? nul - at + 1 : n);
	}
	return 0;
}

/* The rest of this string: its length with the NUL, or -E2BIG, what fits, and more to skip. */
static int strings_copy(struct strings *s, char *buf, u32 size)
{
	u32 done = 0, take, fit;
	const char *at, *nul;
	int n;

	do {
		n = strings_peek(s, &at);
		if (n < 0)
			return n;
		nul = memchr(at, 0, n);
		take = nul ? nul - at + 1 : n;
		fit = min(take, size - done);
		memcpy(buf + done, at, fit);
		done += fit;
		strings_advance(s, fit);
		if (fit < take) {
			buf[size - 1] = 0;
			return -E2BIG;
		}
	} while (!nul);
	return done;
}

/* Whether this string is @name=...: the position is then behind the "=", else before its end. */
static int strings_match(struct strings *s, const char *name, u32 len)
{
	const char *at;
	int n;
	u32 i;

	for (i = 0; i <= len; i++) {
		n = strings_peek(s, &at);
		if (n < 0)
			return n;
		if (*at != (i < len ? name[i] : '='))
			return 0;
		strings_advance(s, 1);
	}
	return 1;
}

int krsi_bprm_arg(struct linux_binprm *bprm, u32 index, char *buf, u32 size)
{
	struct strings s;
	int ret;

	if (!size)
		return -EINVAL;
	/* A caller that takes no notice of the error must not see what was there. */
	memset(buf, 0, size);
	ret = strings_open(&s, bprm);
	if (ret)
		return ret;
	if (bprm->argc < 0 || index >= bprm->argc)
		return -ENOENT;
	ret = strings_skip(&s, index) ?: strings_copy(&s, buf, size);
	strings_close(&s);
	return ret;
}

/* Count @name; the first value goes to @buf, and *@len is what strings_copy() said. */
static int find_env(struct strings *s, int envc, const char *name, u32 name_len,
		    char *buf, u32 size, int *len)
{
	int i, ret, times = 0;

	for (i = 0; i < envc; i++) {
		ret = strings_match(s, name, name_len);
		if (ret < 0)
			return ret;
		if (ret && !times++) {
			*len = strings_copy(s, buf, size);
			if (*len >= 0)
				continue;
			if (*len != -E2BIG)
				return *len;
		}
		ret = strings_skip(s, 1);
		if (ret)
			return ret;
	}
	return times;
}

s64 krsi_bprm_env(struct linux_binprm *bprm, const char *name, u32 name_size, char *buf, u32 size)
{
	u32 name_len = strnlen(name, name_size);
	struct strings s;
	int ret, len = 0;

	if (!size)
		return -EINVAL;
	memset(buf, 0, size);
	if (!name_len || name_len == name_size)
		return -EINVAL;
	ret = strings_open(&s, bprm);
	if (ret)
		return ret;
	ret = strings_skip(&s, bprm->argc) ?:
	      find_env(&s, bprm->envc, name, name_len, buf, size, &len);
	strings_close(&s);
	if (ret < 0)
		return ret;
	if (!ret)
		return -ENOENT;
	return len < 0 ? len : (s64)ret << 32 | len;
}

bool krsi_prog_is_lsm(const struct bpf_prog *prog)
{
	return prog->type == BPF_PROG_TYPE_LSM;
}
