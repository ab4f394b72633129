/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief BPF maps: typed access with sizes that are checked.
 *
 * bpf(2) takes bare pointers and reads or writes as many bytes as the map happens to have. Here
 * the caller says how large its key and value are, and a difference is -EMSGSIZE instead of a
 * stack smashed.
 *
 * **Per-CPU maps.** A lookup gives, an update takes one value for each possible CPU, each rounded
 * up to 8 bytes: krsi_map_info.buffer_size is the size of it all.
 *
 * A map handle is independent of the object it came from and may outlive it.
 *
 * Threads: as in libkrsi/ctx.h. The map itself is shared with the kernel: other processes and BPF
 * programs change it at any time.
 */
#ifndef LIBKRSI_MAP_H
#define LIBKRSI_MAP_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_map;
struct krsi_object;

/** When krsi_map_update() may write. */
enum krsi_map_update_flags {
	KRSI_MAP_ANY = 0,	/**< make the entry or replace it */
	KRSI_MAP_NEW = 1,	/**< only when the key is not there yet */
	KRSI_MAP_EXISTING = 2,	/**< only when the key is there */
};

/** Shape of a map to make. */
struct krsi_map_opts {
	size_t sz;		/**< sizeof(struct krsi_map_opts), set by the caller */
	const char *name;	/**< the kernel keeps 15 characters; NULL for none. Borrowed for the call */
	uint32_t type;		/**< enum bpf_map_type of linux/bpf.h */
	uint32_t key_size;	/**< bytes */
	uint32_t value_size;	/**< bytes */
	uint32_t max_entries;	/**< entries; bytes for a ring buffer */
	uint32_t flags;		/**< BPF_F_* of linux/bpf.h for BPF_MAP_CREATE */
	uint32_t reserved;	/**< must be 0 */
};

/** What krsi_map_info() tells. */
struct krsi_map_info {
	size_t sz;		/**< sizeof(struct krsi_map_info), set by the caller */
	const char *name;	/**< uncut when the map came from an object, else the kernel's 15 characters; valid as long as the map */
	uint32_t type;		/**< enum bpf_map_type of linux/bpf.h */
	uint32_t key_size;	/**< bytes */
	uint32_t value_size;	/**< bytes of one value */
	uint32_t buffer_size;	/**< bytes that a lookup gives and an update takes: of all CPUs in a per-CPU map */
	uint32_t max_entries;	/**< entries; bytes for a ring buffer */
	uint32_t flags;		/**< BPF_F_* of linux/bpf.h */
	uint32_t id;		/**< the kernel's number for it */
	uint32_t cpu_count;	/**< values in one lookup: possible CPUs for a per-CPU map, else 1 */
};

/**
 * @brief Open a map of a loaded object.
 *
 * @param object  the object
 * @param name    the map's name in the source
 * @param ret     receives the map, to free with krsi_map_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -ENOENT  no such map; the detail has the nearest names
 * @retval -EBADFD  the object is not loaded
 * @retval -EMFILE  no file descriptor left
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_map_open(struct krsi_object *object, const char *name, struct krsi_map **ret);

/**
 * @brief Open a pinned map.
 *
 * @param ctx   context the map belongs to
 * @param path  a file of a BPF file system
 * @param ret   receives the map, to free with krsi_map_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or what is pinned there is no map
 * @retval -ENOENT  no such file
 * @retval -EXDEV   it is not on a BPF file system
 * @retval -EACCES  it may not be opened
 * @retval -EPERM   a capability is missing
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_map_open_pin(struct krsi_ctx *ctx, const char *path, struct krsi_map **ret);

/**
 * @brief Open a map by a file descriptor, for example one that came over a socket.
 *
 * @param ctx  context the map belongs to
 * @param fd   the descriptor; duplicated, so the caller keeps its own
 * @param ret  receives the map, to free with krsi_map_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or `fd` is no map
 * @retval -EMFILE  no file descriptor left
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_map_open_fd(struct krsi_ctx *ctx, int fd, struct krsi_map **ret);

/**
 * @brief Make a map, for example to put it into a map of maps.
 *
 * @param ctx   context the map belongs to
 * @param opts  its shape; borrowed for the call
 * @param ret   receives the map, to free with krsi_map_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL      an argument is NULL, `opts->sz` not set, or the kernel does not take the shape
 * @retval -E2BIG       `opts` has a member that this library does not know
 * @retval -EPERM       a capability is missing, or the memlock limit is too small
 * @retval -EOPNOTSUPP  this kernel has no such type
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_map_new(struct krsi_ctx *ctx, const struct krsi_map_opts *opts,
			  struct krsi_map **ret);

/**
 * @brief Let go of a map. It goes away when nobody else holds it: no program, no pin, no descriptor.
 * @param map  the map, or NULL
 * @since 1.0
 */
KRSI_API void krsi_map_free(struct krsi_map *map);

/**
 * @brief Describe a map.
 *
 * @param map   the map
 * @param info  filled, at most `info->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `info->sz` not set
 * @since 1.0
 */
KRSI_API int krsi_map_info(const struct krsi_map *map, struct krsi_map_info *info);

/**
 * @brief File descriptor of a map.
 * @param map  the map
 * @return the descriptor; the map keeps it; -EINVAL when `map` is NULL
 * @since 1.0
 */
KRSI_API int krsi_map_fd(const struct krsi_map *map);

/**
 * @brief Read the value of a key.
 *
 * @param map         the map
 * @param key         the key
 * @param key_size    bytes at `key`; must be the map's
 * @param value       receives the value; untouched on failure
 * @param value_size  bytes at `value`; must be krsi_map_info.buffer_size
 * @return 0 on success, or
 * @retval -EINVAL      an argument is NULL
 * @retval -EMSGSIZE    a size is not the map's; the detail says which it must be
 * @retval -ENOENT      no such key
 * @retval -EOPNOTSUPP  maps of this type cannot be read
 * @retval -EACCES      the map is write-only for user space
 * @since 1.0
 */
KRSI_API int krsi_map_lookup(const struct krsi_map *map, const void *key, size_t key_size,
			     void *value, size_t value_size);

/**
 * @brief Write the value of a key.
 *
 * @param map         the map
 * @param key         the key
 * @param key_size    bytes at `key`; must be the map's
 * @param value       the value
 * @param value_size  bytes at `value`; must be krsi_map_info.buffer_size
 * @param flags       enum krsi_map_update_flags
 * @return 0 on success, or
 * @retval -EINVAL      an argument is NULL or a flag unknown
 * @retval -EMSGSIZE    a size is not the map's; the detail says which it must be
 * @retval -EEXIST      KRSI_MAP_NEW and the key is there
 * @retval -ENOENT      KRSI_MAP_EXISTING and the key is not there; or past the end of an array
 * @retval -ENOSPC      the map is full; the detail says how many entries it has
 * @retval -EOPNOTSUPP  maps of this type cannot be written
 * @retval -EPERM       the map is frozen or read-only for user space
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_map_update(const struct krsi_map *map, const void *key, size_t key_size,
			     const void *value, size_t value_size, uint32_t flags);

/**
 * @brief Remove a key.
 *
 * @param map       the map
 * @param key       the key
 * @param key_size  bytes at `key`; must be the map's
 * @return 0 on success, or
 * @retval -EINVAL      an argument is NULL
 * @retval -EMSGSIZE    `key_size` is not the map's
 * @retval -ENOENT      no such key
 * @retval -EOPNOTSUPP  entries of this type of map cannot be removed (arrays)
 * @retval -EPERM       the map is frozen or read-only for user space
 * @since 1.0
 */
KRSI_API int krsi_map_delete(const struct krsi_map *map, const void *key, size_t key_size);

/**
 * @brief Receives an entry of krsi_map_each().
 *
 * It may update and delete any entry of the map, this one included.
 *
 * @param data   as given to krsi_map_each()
 * @param key    the key, valid during the call
 * @param value  the value, krsi_map_info.buffer_size bytes, valid during the call
 * @return 0 to go on; anything else ends the iteration, which then returns -ECANCELED
 */
typedef int (*krsi_map_entry_fn)(void *data, const void *key, const void *value);

/**
 * @brief Visit every entry.
 *
 * Uses the kernel's batch call where it has one. An entry that stays during the whole iteration is
 * visited; where the map is changed meanwhile, one that is removed or added may be visited or not,
 * and one may be visited twice.
 *
 * @param map   the map
 * @param fn    receives each entry
 * @param data  handed to `fn`
 * @return 0 when all were visited, or
 * @retval -EINVAL      an argument is NULL
 * @retval -ECANCELED   `fn` ended it
 * @retval -EOPNOTSUPP  maps of this type cannot be walked (ring buffers)
 * @retval -ENOMEM      no memory
 * @since 1.0
 */
KRSI_API int krsi_map_each(const struct krsi_map *map, krsi_map_entry_fn fn, void *data);

/**
 * @brief Write many entries, in one system call where the kernel has one for it.
 *
 * @param map         the map; not per-CPU
 * @param keys        `count` keys, one after the other
 * @param key_size    bytes of one key; must be the map's
 * @param values      `count` values, one after the other
 * @param value_size  bytes of one value; must be krsi_map_info.buffer_size
 * @param count       how many
 * @param done        receives how many were written, also on failure; may be NULL
 * @return 0 when all were written, or as krsi_map_update()
 * @retval -EINVAL    an argument is NULL
 * @retval -EMSGSIZE  a size is not the map's
 * @retval -ENOSPC    the map is full
 * @since 1.0
 */
KRSI_API int krsi_map_update_batch(const struct krsi_map *map, const void *keys, size_t key_size,
				   const void *values, size_t value_size, uint32_t count,
				   uint32_t *done);

/**
 * @brief Remove many keys, in one system call where the kernel has one for it. Absent keys are no error.
 *
 * @param map       the map
 * @param keys      `count` keys, one after the other
 * @param key_size  bytes of one key; must be the map's
 * @param count     how many
 * @param done      receives how many were removed, also on failure; may be NULL
 * @return 0 on success, or as krsi_map_delete()
 * @retval -EINVAL    an argument is NULL
 * @retval -EMSGSIZE  `key_size` is not the map's
 * @since 1.0
 */
KRSI_API int krsi_map_delete_batch(const struct krsi_map *map, const void *keys, size_t key_size,
				   uint32_t count, uint32_t *done);

/**
 * @brief Whether the running kernel does batches for this map itself, or this library one by one.
 * @param map  the map
 * @return 1 or 0
 * @since 1.0
 */
KRSI_API int krsi_map_has_batch(const struct krsi_map *map);

/**
 * @brief Sum a 64-bit counter over all CPUs: value number `key` of a per-CPU array or hash.
 *
 * @param map       the map; its value starts with, or has at `offset`, a uint64_t
 * @param key       the key
 * @param key_size  bytes at `key`; must be the map's
 * @param offset    where in the value the counter stands, in bytes
 * @param sum       receives the sum; untouched on failure
 * @return 0 on success, or as krsi_map_lookup(), or
 * @retval -EMSGSIZE  `offset` is past the value's end
 * @retval -ENOMEM    no memory
 * @since 1.0
 */
KRSI_API int krsi_map_sum(const struct krsi_map *map, const void *key, size_t key_size,
			  size_t offset, uint64_t *sum);

/**
 * @brief Put a map into a map of maps, replacing at once what is there.
 *
 * A program that runs meanwhile sees the old one or the new one.
 *
 * @param outer     an array or hash of maps
 * @param key       the key
 * @param key_size  bytes at `key`; must be the outer map's
 * @param inner     the map to put there; the caller keeps its handle
 * @return 0 on success, or
 * @retval -EINVAL      an argument is NULL, `outer` is no map of maps, or `inner` differs from the pattern
 * @retval -EMSGSIZE    `key_size` is not the map's
 * @retval -ENOENT      `key` is past the end of an array
 * @retval -ENOSPC      the outer map is full
 * @since 1.0
 */
KRSI_API int krsi_map_set_inner(const struct krsi_map *outer, const void *key, size_t key_size,
				const struct krsi_map *inner);

/**
 * @brief Open a map that is in a map of maps.
 *
 * @param outer     an array or hash of maps
 * @param key       the key
 * @param key_size  bytes at `key`; must be the outer map's
 * @param ret       receives the inner map, to free with krsi_map_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL    an argument is NULL, or `outer` is no map of maps
 * @retval -EMSGSIZE  `key_size` is not the map's
 * @retval -ENOENT    nothing is there
 * @retval -EPERM     opening a map by number needs CAP_SYS_ADMIN
 * @retval -ENOMEM    no memory
 * @since 1.0
 */
KRSI_API int krsi_map_get_inner(const struct krsi_map *outer, const void *key, size_t key_size,
				struct krsi_map **ret);

/**
 * @brief Make a map read-only for user space for good. Programs still write to it.
 *
 * @param map  the map
 * @return 0 on success, or
 * @retval -EINVAL      `map` is NULL
 * @retval -EALREADY    it is frozen already
 * @retval -EBUSY       it is mapped writable
 * @retval -EOPNOTSUPP  maps of this type cannot be frozen
 * @retval -EPERM       a capability is missing
 * @since 1.0
 */
KRSI_API int krsi_map_freeze(const struct krsi_map *map);

/**
 * @brief Pin a map to a file of a BPF file system, so that it outlives the process.
 *
 * @param map   the map
 * @param path  the file to make
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -EXDEV   `path` is not on a BPF file system
 * @retval -EEXIST  `path` exists
 * @retval -ENOENT  its directory does not exist
 * @retval -EACCES  its directory may not be written
 * @retval -EPERM   a capability is missing, or the name has a dot
 * @since 1.0
 */
KRSI_API int krsi_map_pin(const struct krsi_map *map, const char *path);

KRSI_END_DECLS

#endif
