/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief Recordings: events in a file, to be read later and elsewhere.
 *
 *     krsi_recorder_new(ctx, fd, &recorder);
 *     krsi_recorder_event(recorder, event);           // in the callback
 *
 *     krsi_recording_new(ctx, fd, &recording);
 *     while (krsi_recording_next(recording, &event) == 0 && event)
 *             ...
 *
 * An event of a recording is read as one of the engine. It has the names of its policy and rule, and the time
 * of the clock on the wall, in itself. The format is in docs/recordings.md: a head, and records, each with a
 * checksum. What is damaged is told, with the place, and what is in front of it can be read.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_RECORD_H
#define LIBKRSI_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/event.h>
#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_recorder;
struct krsi_recording;

/** What krsi_recorder_info() tells. */
struct krsi_recorder_info {
	size_t sz;		/**< sizeof(struct krsi_recorder_info), set by the caller */
	uint64_t events;	/**< written, or waiting to be */
	uint64_t bytes;		/**< of them and of the file's head */
	uint64_t failed;	/**< events that could not be written, and are not in the file */
	uint64_t untold;	/**< of these and of krsi_recorder_lost(), those that the file does not tell of yet */
};

/**
 * @brief Begin a recording. Its head is written at once.
 *
 * @param ctx  context the recorder belongs to
 * @param fd   where to, open for writing; stays the caller's, and must stay open as long as the recorder
 * @param ret  receives the recorder, to free with krsi_recorder_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL, or `fd` negative
 * @retval -EIO     it cannot be written; the detail says why
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_recorder_new(struct krsi_ctx *ctx, int fd, struct krsi_recorder **ret);

/**
 * @brief Add an event. Events are kept until there are 64 KiB of them, and written together. That waits for a pipe
 *        that is full, also when it is non-blocking.
 *
 * What could not be written is told by an event of KRSI_EVENT_KIND_LOST in its place.
 *
 * @param recorder  the recorder
 * @param event     of any kind
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -ENOSPC  no room where the file is: these events are counted as failed, the file ends with a whole record
 * @retval -EIO     it cannot be written, for another reason, which the detail has; likewise
 * @retval -ENOMEM  no memory for the event, which is counted as failed
 * @retval -EMSGSIZE  an event above 64 KiB, which no engine makes; counted as failed
 * @since 1.0
 */
KRSI_API int krsi_recorder_event(struct krsi_recorder *recorder, const struct krsi_event *event);

/**
 * @brief Have the recording tell that events are missing at this place, as where the file before it was full.
 *
 * Those that the recorder itself could not write are told of without it, as soon as there is room again.
 *
 * @param recorder  the recorder
 * @param count     how many; they are not counted as failed
 * @return 0, or
 * @retval -EINVAL  `recorder` is NULL
 * @since 1.0
 */
KRSI_API int krsi_recorder_lost(struct krsi_recorder *recorder, uint64_t count);

/**
 * @brief Write what is kept.
 * @param recorder  the recorder
 * @return as krsi_recorder_event()
 * @since 1.0
 */
KRSI_API int krsi_recorder_flush(struct krsi_recorder *recorder);

/**
 * @brief Count.
 * @param recorder  the recorder
 * @param info      receives it; `sz` set by the caller
 * @return 0, or
 * @retval -EINVAL  an argument is NULL, or `info->sz` not set
 * @since 1.0
 */
KRSI_API int krsi_recorder_info(const struct krsi_recorder *recorder, struct krsi_recorder_info *info);

/**
 * @brief Free a recorder. What was not flushed is not written.
 * @param recorder  the recorder, or NULL
 * @since 1.0
 */
KRSI_API void krsi_recorder_free(struct krsi_recorder *recorder);

/**
 * @brief Open a recording.
 *
 * @param ctx  context the recording belongs to
 * @param fd   open for reading, at the beginning; a pipe will do. Stays the caller's, and must stay open
 * @param ret  receives the recording, to free with krsi_recording_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL       an argument is NULL, or `fd` negative
 * @retval -EBADMSG      no recording, or its head is damaged
 * @retval -EOPNOTSUPP   a recording of a format that this library does not know, or of another byte order
 * @retval -EIO          it cannot be read
 * @retval -ENOMEM       no memory
 * @since 1.0
 */
KRSI_API int krsi_recording_new(struct krsi_ctx *ctx, int fd, struct krsi_recording **ret);

/**
 * @brief Read the next event.
 *
 * @param recording  the recording
 * @param event      receives it, valid until the next call with this recording; NULL when the recording ends here, and is whole
 * @return 0 on success, or
 * @retval -EBADMSG  it is damaged, or ends in the middle of a record; the detail has the place. All further calls say so too
 * @retval -EINVAL   an argument is NULL
 * @retval -EIO      it cannot be read
 * @retval -ENOMEM   no memory
 * @since 1.0
 */
KRSI_API int krsi_recording_next(struct krsi_recording *recording, const struct krsi_event **event);

/**
 * @brief Free a recording.
 * @param recording  the recording, or NULL
 * @since 1.0
 */
KRSI_API void krsi_recording_free(struct krsi_recording *recording);

KRSI_END_DECLS

#endif
