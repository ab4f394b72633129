// SPDX-License-Identifier: GPL-2.0-only
/*
 * krsi/seal: whose link descriptor is written there stays attached until the machine goes
 * down. A link of a BPF LSM program has no ->detach and no ->update_prog; it goes when its
 * last reference does, so one is kept. Reading the file lists the sealed links' numbers.
 *
 * So it is with links of tracing programs, with which policies follow what no hook tells
 * them, such as where a file was renamed to, or refuse by changing a function's result.
 */
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "compat.h"
#include "krsi.h"

struct sealed {
	struct list_head list;
	struct bpf_link *link;
};

static LIST_HEAD(sealed_links);		/* grows only */
static DEFINE_MUTEX(sealed_lock);
static struct dentry *seal_file;

static bool is_sealed_locked(const struct bpf_link *link)
{
	struct sealed *sealed;

	list_for_each_entry(sealed, &sealed_links, list)
		if (sealed->link == link)
			return true;
	return false;
}

bool krsi_link_is_sealed(const struct bpf_link *link)
{
	bool ret;

	mutex_lock(&sealed_lock);
	ret = is_sealed_locked(link);
	mutex_unlock(&sealed_lock);
	return ret;
}

/* What can be detached or exchanged in place would not be sealed: links of cgroups, of iterators. */
static bool can_be_sealed(const struct bpf_link *link)
{
	if (!link->prog || link->ops->detach || link->ops->update_prog)
		return false;
	return link->prog->type == BPF_PROG_TYPE_LSM || link->prog->type == BPF_PROG_TYPE_TRACING;
}

/* Keeps the caller's reference when it returns 0. */
static int seal(struct bpf_link *link)
{
	struct sealed *sealed;
	int ret = 0;

	if (!can_be_sealed(link))
		return -EINVAL;
	sealed = kzalloc(sizeof(*sealed), GFP_KERNEL);
	if (!sealed)
		return -ENOMEM;
	sealed->link = link;

	mutex_lock(&sealed_lock);
	if (is_sealed_locked(link)) {
		ret = -EALREADY;
		kfree(sealed);
	} else {
		/* Unloading the module must be no way out. */
		if (list_empty(&sealed_links))
			__module_get(THIS_MODULE);
		list_add_tail(&sealed->list, &sealed_links);
	}
	mutex_unlock(&sealed_lock);
	return ret;
}

static ssize_t seal_write(struct file *file, const char __user *text, size_t size, loff_t *pos)
{
	struct bpf_link *link;
	int fd, ret;

	/* Both who opened and who writes: descriptors can be passed to who is allowed more. */
	if (!file_ns_capable(file, &init_user_ns, CAP_MAC_ADMIN) || !capable(CAP_MAC_ADMIN))
		return -EPERM;
	ret = kstrtoint_from_user(text, size, 10, &fd);
	if (ret)
		return ret;
	link = bpf_link_get_from_fd(fd);
	if (IS_ERR(link))
		return PTR_ERR(link);
	ret = seal(link);
	if (ret) {
		bpf_link_put(link);
		return ret;
	}
	return size;
}

static int seal_show(struct seq_file *m, void *v)
{
	struct sealed *sealed;

	mutex_lock(&sealed_lock);
	list_for_each_entry(sealed, &sealed_links, list)
		seq_printf(m, "%u\n", sealed->link->id);
	mutex_unlock(&sealed_lock);
	return 0;
}

static int seal_open(struct inode *inode, struct file *file)
{
	return single_open(file, seal_show, NULL);
}

static const struct file_operations seal_fops = {
	.owner = THIS_MODULE,
	.open = seal_open,
	.read = seq_read,
	.write = seal_write,
	.llseek = seq_lseek,
	.release = single_release,
};

int krsi_seal_init(struct dentry *dir)
{
	seal_file = securityfs_create_file("seal", 0600, dir, NULL, &seal_fops);
	return PTR_ERR_OR_ZERO(seal_file);
}

void krsi_seal_exit(void)
{
	securityfs_remove(seal_file);
}

#ifdef MODULE
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS("BPF_INTERNAL");
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
MODULE_IMPORT_NS(BPF_INTERNAL);
#endif
#endif
