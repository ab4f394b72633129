/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Not a program: its types are those of a kernel with three hooks, for tests that read BTF of a file. */
struct file;
struct inode;
struct dentry;

union security_list_options {
	int (*file_open)(struct file *file);
	int (*inode_mkdir)(struct inode *dir, struct dentry *dentry, unsigned short mode);
	void (*file_free_security)(struct file *file);
};

union security_list_options keeps_the_type;

__attribute__((noinline)) int bpf_lsm_file_open(struct file *file)
{
	return file != 0;
}

__attribute__((noinline)) int bpf_lsm_inode_mkdir(struct inode *dir, struct dentry *dentry, unsigned short mode)
{
	return dir && dentry ? mode : 0;
}

__attribute__((noinline)) void bpf_lsm_file_free_security(struct file *file)
{
	keeps_the_type.file_free_security = (void *)file;
}

__attribute__((noinline)) int security_file_open(struct file *file)
{
	return bpf_lsm_file_open(file);
}
