/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief BPF objects: compiled programs and maps, from an ELF file to the kernel.
 *
 * An object goes through open, (settings), load, attach. It need not come from libkrsi: whatever
 * libbpf opens, this opens. Three promises go beyond libbpf. A program marked optional may fail
 * alone, the others fail the call and leave nothing behind. Every program's fate can be read back
 * with its reason. And an `lsm/` program is never attached to a kernel that would not call it.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_OBJECT_H
#define LIBKRSI_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_object;
struct krsi_map;

/** Where a program stands. Numbers are ABI: new ones go at the end. */
enum krsi_program_state {
	KRSI_PROGRAM_OPEN = 0,		/**< will be loaded */
	KRSI_PROGRAM_SKIPPED = 1,	/**< left out: by the caller, or its section is marked `?` */
	KRSI_PROGRAM_REFUSED = 2,	/**< could not be loaded or attached; `error` and `reason` say why */
	KRSI_PROGRAM_LOADED = 3,	/**< in the kernel, called by nobody */
	KRSI_PROGRAM_ATTACHED = 4,	/**< in the kernel, and called */
};

/** What the caller thinks of a program, for krsi_object_set_program(). */
enum krsi_program_flags {
	KRSI_PROGRAM_SKIP = 1,		/**< do not load it */
	KRSI_PROGRAM_OPTIONAL = 2,	/**< it may fail alone */
	/**
	 * Attach an `lsm/` program as `fmod_ret/` to the function that calls its hook (krsi_hook_info.function), or as
	 * `fentry/` when that returns nothing: on a kernel that was booted without bpf among its active security modules
	 * this is called, and can refuse. docs/backends.md says what is different then.
	 */
	KRSI_PROGRAM_FMOD_RET = 4,
};

/** Wishes for opening an object. All strings are borrowed for the call. */
struct krsi_object_opts {
	size_t sz;		/**< sizeof(struct krsi_object_opts), set by the caller */
	const char *name;	/**< for messages and the kernel; NULL: the file's name, or "object" */
	const char *btf_path;	/**< kernel BTF to relocate against, for a machine that has none; NULL: the running kernel's */
	const char *kconfig;	/**< text of a kernel config (CONFIG_X=y lines) for `__kconfig` variables; NULL: the machine's own file */
	uint32_t verifier_log;	/**< the verifier's log level, kept for krsi_program_info.log; 0: errors only. Full logs of large programs take long */
	uint32_t flags;		/**< must be 0 */
};

/** Wishes for attaching. */
struct krsi_attach_opts {
	size_t sz;		/**< sizeof(struct krsi_attach_opts), set by the caller */
	int32_t cgroup_fd;	/**< directory of a cgroup v2, for `lsm_cgroup/` programs; 0: none. Borrowed for the call */
	uint32_t reserved;	/**< must be 0 */
};

/** What krsi_object_program_info() tells. Strings are valid until the next load, attach or free of the object. */
struct krsi_program_info {
	size_t sz;		/**< sizeof(struct krsi_program_info), set by the caller */
	const char *name;	/**< the C function's name, uncut */
	const char *section;	/**< such as "lsm.s/file_open" */
	const char *target;	/**< what it attaches to, such as "file_open"; "" when its section names none */
	const char *reason;	/**< why it was refused or skipped, one or two lines; "" otherwise */
	const char *log;	/**< what the verifier wrote about it; "" when it wrote nothing */
	uint32_t state;		/**< enum krsi_program_state */
	int32_t error;		/**< negative errno of what was refused, else 0 */
	uint32_t flags;		/**< bitwise OR of enum krsi_program_flags */
	uint32_t id;		/**< the kernel's number for it; 0 while it is not loaded */
};

/** What krsi_object_map_info() tells. Strings are valid until the next load or free of the object. */
struct krsi_object_map_info {
	size_t sz;		/**< sizeof(struct krsi_object_map_info), set by the caller */
	const char *name;	/**< as in the source, uncut; sections of variables are ".rodata", ".data", ".bss" */
	uint32_t type;		/**< enum bpf_map_type of linux/bpf.h */
	uint32_t key_size;	/**< bytes */
	uint32_t value_size;	/**< bytes */
	uint32_t max_entries;	/**< entries; bytes for a ring buffer */
	uint32_t id;		/**< the kernel's number for it; 0 while it is not loaded */
	uint32_t reserved;	/**< 0 */
};

/**
 * @brief Open an object from a file.
 *
 * The file is read once; it may be replaced or deleted afterwards. Nothing is asked of the kernel.
 *
 * @param ctx   context the object belongs to
 * @param path  the file, such as "exec_log.bpf.o"
 * @param opts  options, or NULL for all defaults
 * @param ret   receives the object, to free with krsi_object_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL   an argument is NULL, `opts->sz` not set, or a flag unknown
 * @retval -E2BIG    `opts` has a member that this library does not know
 * @retval -ENOENT   no such file, or no such `btf_path`
 * @retval -EACCES   one of them cannot be read
 * @retval -EBADMSG  not an ELF file, not for BPF, without BTF, or not understood by libbpf; `btf_path` has no BTF
 * @retval -ENOMEM   no memory
 * @since 1.0
 */
KRSI_API int krsi_object_open(struct krsi_ctx *ctx, const char *path,
			      const struct krsi_object_opts *opts, struct krsi_object **ret);

/**
 * @brief Open an object from memory.
 *
 * @param ctx   context the object belongs to
 * @param data  the ELF file's bytes; copied
 * @param size  how many bytes
 * @param opts  options, or NULL for all defaults
 * @param ret   receives the object, to free with krsi_object_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL   an argument is NULL, `opts->sz` not set, or a flag unknown
 * @retval -E2BIG    `opts` has a member that this library does not know
 * @retval -ENOENT   no such `btf_path`
 * @retval -EACCES   `btf_path` cannot be read
 * @retval -EBADMSG  not an ELF file, not for BPF, without BTF, or not understood by libbpf; `btf_path` has no BTF
 * @retval -ENOMEM   no memory
 * @since 1.0
 */
KRSI_API int krsi_object_open_memory(struct krsi_ctx *ctx, const void *data, size_t size,
				     const struct krsi_object_opts *opts,
				     struct krsi_object **ret);

/**
 * @brief Detach, unload and forget an object.
 *
 * What was pinned stays in the kernel, and in force. Maps and streams made from the object live on.
 *
 * @param object  the object, or NULL
 * @since 1.0
 */
KRSI_API void krsi_object_free(struct krsi_object *object);

/**
 * @brief The object's name.
 * @param object  the object
 * @return the name, valid as long as the object
 * @since 1.0
 */
KRSI_API const char *krsi_object_name(const struct krsi_object *object);

/**
 * @brief How many programs the object has.
 * @param object  the object
 * @return the number; programs are numbered from 0 in the order of the file
 * @since 1.0
 */
KRSI_API size_t krsi_object_program_count(const struct krsi_object *object);

/**
 * @brief Find a program by name.
 *
 * @param object  the object
 * @param name    the C function's name
 * @param index   receives its number; untouched on failure; may be NULL
 * @return 0 on success, or
 * @retval -EINVAL  `object` or `name` is NULL
 * @retval -ENOENT  no such program; the detail has the nearest names
 * @since 1.0
 */
KRSI_API int krsi_object_find_program(const struct krsi_object *object, const char *name,
				      size_t *index);

/**
 * @brief Describe a program, and what became of it.
 *
 * @param object  the object
 * @param index   number of the program
 * @param info    filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  `index` is past the end
 * @since 1.0
 */
KRSI_API int krsi_object_program_info(const struct krsi_object *object, size_t index,
				      struct krsi_program_info *info);

/**
 * @brief How many maps the object has, sections of variables included.
 * @param object  the object
 * @return the number; maps are numbered from 0
 * @since 1.0
 */
KRSI_API size_t krsi_object_map_count(const struct krsi_object *object);

/**
 * @brief Describe a map.
 *
 * @param object  the object
 * @param index   number of the map
 * @param info    filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @retval -ENOENT  `index` is past the end
 * @since 1.0
 */
KRSI_API int krsi_object_map_info(const struct krsi_object *object, size_t index,
				  struct krsi_object_map_info *info);

/**
 * @brief Before load: leave a program out, let it fail alone, or choose the way that it is attached.
 *
 * @param object  the object
 * @param name    the program
 * @param flags   bitwise OR of enum krsi_program_flags; 0 makes it required, also when its section is marked `?`
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or a flag unknown; KRSI_PROGRAM_FMOD_RET and it is no `lsm/` program
 * @retval -ENOENT  no such program; KRSI_PROGRAM_FMOD_RET and this kernel has no such hook
 * @retval -EOPNOTSUPP  KRSI_PROGRAM_FMOD_RET and the program sleeps, or no function with the hook's arguments calls it
 * @retval -EBADFD  the object is loaded already
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_object_set_program(struct krsi_object *object, const char *name, uint32_t flags);

/**
 * @brief Before load: say what a program attaches to.
 *
 * @param object  the object
 * @param name    the program; its section says the kind (lsm, fentry, fexit, fmod_ret, tp_btf)
 * @param target  a hook for lsm programs ("file_open"), a kernel function or tracepoint for the others
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or programs of this kind have no target
 * @retval -ENOENT  no such program, or no such hook in this kernel; the detail has the nearest names
 * @retval -EBADFD  the object is loaded already
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_object_set_target(struct krsi_object *object, const char *name,
				    const char *target);

/**
 * @brief Before load: set how many entries a map has.
 *
 * @param object   the object
 * @param name     the map
 * @param entries  entries; for a ring buffer bytes, made a power of two and a multiple of the page size by rounding up
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, `entries` is 0, or a ring buffer of that size does not exist
 * @retval -ENOENT  no such map
 * @retval -EBADFD  the object is loaded already
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_object_set_map_size(struct krsi_object *object, const char *name,
				      uint32_t entries);

/**
 * @brief Before load: give a map of maps the pattern that its inner maps follow.
 *
 * @param object  the object
 * @param name    the outer map, an array or hash of maps
 * @param inner   a map like those that will be put into it; only its shape is used
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or `name` is not a map of maps
 * @retval -ENOENT  no such map
 * @retval -EBADFD  the object is loaded already
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_object_set_inner_map(struct krsi_object *object, const char *name,
				       const struct krsi_map *inner);

/**
 * @brief Before load: use a map that exists instead of making one, for example to share it between objects.
 *
 * @param object  the object
 * @param name    the object's map
 * @param map     the existing one, of the same type, key size, value size and entries
 * @return 0 on success, or
 * @retval -EINVAL   an argument is NULL
 * @retval -ENOENT   no such map
 * @retval -EMSGSIZE the two differ; the detail says in what
 * @retval -EBADFD   the object is loaded already
 * @retval -ENOMEM   no memory
 * @since 1.0
 */
KRSI_API int krsi_object_reuse_map(struct krsi_object *object, const char *name,
				   const struct krsi_map *map);

/**
 * @brief Before load: set a global variable, such as a `const volatile` one of .rodata.
 *
 * @param object  the object
 * @param name    the variable's name in C
 * @param value   its bytes, in the byte order of this machine; copied
 * @param size    must be the variable's size, in bytes
 * @return 0 on success, or
 * @retval -EINVAL    an argument is NULL
 * @retval -ENOENT    no such variable; the detail has the nearest names
 * @retval -EMSGSIZE  the variable has another size
 * @retval -EBADFD    the object is loaded already
 * @retval -ENOMEM    no memory
 * @since 1.0
 */
KRSI_API int krsi_object_set_variable(struct krsi_object *object, const char *name,
				      const void *value, size_t size);

/**
 * @brief Put programs and maps into the kernel. Nothing is called yet.
 *
 * Needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN. When it fails nothing stays behind, and the
 * object can be changed and loaded again; krsi_object_program_info() tells each program's fate.
 *
 * @param object  the object
 * @return 0 when every required program is loaded, or
 * @retval -EINVAL      `object` is NULL; a map whose size the object leaves to its loader has none
 * @retval -EALREADY    it is loaded
 * @retval -ENOENT      a program wants a hook, function or symbol that this kernel lacks
 * @retval -ENOEXEC     the verifier refused a program; the detail has its first line that matters
 * @retval -EPERM       a capability is missing, lockdown forbids it, or the memlock limit is too small
 * @retval -EOPNOTSUPP  this kernel cannot load such programs or maps
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_object_load(struct krsi_object *object);

/**
 * @brief Attach every loaded program whose section says where to.
 *
 * Programs that attach in other ways (struct_ops, xdp, ...) stay loaded, with a reason. When a
 * required program cannot be attached, those that this call attached are detached again.
 *
 * @param object  the object
 * @param opts    options, or NULL for all defaults; borrowed for the call
 * @return 0 when every required program is attached, or
 * @retval -EINVAL      an argument is not usable; an `lsm_cgroup/` program without `cgroup_fd`, or with one of something else
 * @retval -E2BIG       `opts` has a member that this library does not know
 * @retval -EBADFD      the object is not loaded
 * @retval -EALREADY    nothing is left to attach
 * @retval -EOPNOTSUPP  the kernel would not call it: bpf is not in the active LSM list (the detail
 *                      has the line to boot with), there are no trampolines, or the program was detached
 *                      before and the kernel is older than Linux 5.13
 * @retval -EUSERS      the hook holds as many programs as the kernel allows; the detail has whose they are
 * @retval -EBUSY       the program is attached already, by somebody whom the detail names, or the hook is held in a way
 *                      that excludes others
 * @retval -EPERM       a capability is missing, or lockdown forbids it
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_object_attach(struct krsi_object *object, const struct krsi_attach_opts *opts);

/**
 * @brief Attach one program.
 *
 * @param object  the object
 * @param name    the program
 * @param opts    options, or NULL for all defaults; borrowed for the call
 * @return 0 on success, or as krsi_object_attach(), or
 * @retval -ENOENT    no such program
 * @retval -EALREADY  it is attached
 * @retval -EBADFD    it is not loaded
 * @since 1.0
 */
KRSI_API int krsi_object_attach_program(struct krsi_object *object, const char *name,
					const struct krsi_attach_opts *opts);

/**
 * @brief Detach every program that this object attached. They stay loaded.
 *
 * What was pinned is not detached: its pin holds it.
 *
 * @param object  the object
 * @return 0 on success, or
 * @retval -EINVAL    `object` is NULL
 * @retval -EALREADY  nothing is attached
 * @since 1.0
 */
KRSI_API int krsi_object_detach(struct krsi_object *object);

/**
 * @brief Detach one program. It stays loaded.
 *
 * @param object  the object
 * @param name    the program
 * @return 0 on success, or
 * @retval -EINVAL    an argument is NULL
 * @retval -ENOENT    no such program
 * @retval -EALREADY  it is not attached
 * @since 1.0
 */
KRSI_API int krsi_object_detach_program(struct krsi_object *object, const char *name);

/**
 * @brief Pin all loaded maps and attached programs below a directory of a BPF file system.
 *
 * They then outlive the process: maps as `map_NAME`, links as `link_PROGRAM`. Characters that a
 * BPF file system does not take (the dot) become `_`. All of it or nothing.
 *
 * @param object  the object, loaded
 * @param dir     the directory; made with mode 0700 when it is missing, its parent must exist
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -EBADFD  the object is not loaded
 * @retval -EXDEV   `dir` is not on a BPF file system
 * @retval -EEXIST  something of that name is there already; the detail names it
 * @retval -ENOENT  the parent of `dir` does not exist
 * @retval -EACCES  the directory may not be written
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_object_pin(struct krsi_object *object, const char *dir);

/**
 * @brief Remove what krsi_object_pin() made, and the directory when that leaves it empty.
 *
 * It works on the names that this object would pin, so a later process can take down what an
 * earlier one of the same object left. What is not there is no error.
 *
 * @param object  the object, opened
 * @param dir     the directory
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -EXDEV   `dir` is not on a BPF file system
 * @retval -ENOENT  no such directory
 * @retval -EACCES  it may not be written
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_object_unpin(struct krsi_object *object, const char *dir);

/**
 * @brief File descriptor of a loaded program.
 *
 * @param object  the object
 * @param name    the program
 * @param fd      receives it; the object keeps it, so duplicate it to keep it longer; untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -ENOENT  no such program
 * @retval -EBADFD  it is not loaded
 * @since 1.0
 */
KRSI_API int krsi_object_program_fd(const struct krsi_object *object, const char *name, int *fd);

/**
 * @brief File descriptor of the link that holds an attached program to its hook.
 *
 * @param object  the object
 * @param name    the program
 * @param fd      receives it; the object keeps it, so duplicate it to keep it longer; untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL      an argument is NULL
 * @retval -ENOENT      no such program
 * @retval -EBADFD      it is not attached
 * @retval -EOPNOTSUPP  it is attached in a way that has no link (perf events of old kernels)
 * @since 1.0
 */
KRSI_API int krsi_object_link_fd(const struct krsi_object *object, const char *name, int *fd);

/**
 * @brief Open an attached `iter/` program for reading.
 *
 * @param object  the object
 * @param name    the program
 * @param fd      receives a descriptor to read(2) from and close(2); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or the program is no iterator
 * @retval -ENOENT  no such program
 * @retval -EBADFD  it is not attached
 * @retval -EPERM   a capability is missing
 * @since 1.0
 */
KRSI_API int krsi_object_open_iter(const struct krsi_object *object, const char *name, int *fd);

KRSI_END_DECLS

#endif
