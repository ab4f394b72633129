// SPDX-License-Identifier: GPL-2.0-only
/*
 * krsi.ko: what a module can add to the BPF LSM of a stock kernel, 6.1 to 7.3.
 *
 * In a kernel that has the patches of kernel/patches/ the directory exists already, and the
 * module does not load. It unloads only while no program uses its functions and nothing is
 * sealed.
 */
#include <linux/bpf_lsm.h>
#include <linux/module.h>
#include <linux/security.h>
#include <linux/seq_file.h>

#include "krsi.h"

static struct dentry *krsi_dir, *features_file;

static int features_show(struct seq_file *m, void *v)
{
	seq_printf(m, "abi %d\norigin module\nseal\nargv\naudit\n", KRSI_ABI);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(features);

static int add_files(void)
{
	int ret;

	krsi_dir = securityfs_create_dir("krsi", NULL);
	if (IS_ERR(krsi_dir))
		return PTR_ERR(krsi_dir);
	ret = krsi_seal_init(krsi_dir);
	if (ret)
		goto remove_dir;
	/* Last, as whoever sees it may rely on what it lists. */
	features_file = securityfs_create_file("features", 0444, krsi_dir, NULL, &features_fops);
	if (!IS_ERR(features_file))
		return 0;
	ret = PTR_ERR(features_file);
	krsi_seal_exit();
remove_dir:
	securityfs_remove(krsi_dir);
	return ret;
}

static int __init krsi_init(void)
{
	int ret = krsi_kfuncs_init();

	return ret ? ret : add_files();
}

static void __exit krsi_exit(void)
{
	securityfs_remove(features_file);
	krsi_seal_exit();
	securityfs_remove(krsi_dir);
}

module_init(krsi_init);
module_exit(krsi_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Sealed links, exec arguments and audit records for BPF LSM programs");
MODULE_VERSION("1.0.0");
