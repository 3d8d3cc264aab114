/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replaces a state file in a thread that lives as long as that takes: whoever asked goes on, also
 * where the disk does not answer. One file at a time. Owned and called by the control thread. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct state_writer {
	bool busy;         /* from state_writer_begin to state_writer_end */
	pthread_t thread;  /* with busy, as what follows; the thread's own until done */
	char *path, *data; /* owned */
	size_t len;        /* bytes of data */
	int result;        /* of state_file_write */
	atomic_bool done;  /* written last by the thread, with release: result is in place */
};

/* Begins to write (edge/state_file.h); zero-initialised is ready for it, busy is not. Takes data,
 * also where it fails. Returns 0 or -errno. */
int state_writer_begin(struct state_writer *writer, const char *path, char *data, size_t len);

/* What became of it, once, with wait however long that takes. Returns false where nothing was begun
 * or it still goes on. */
bool state_writer_end(struct state_writer *writer, bool wait, int *ret_result);
