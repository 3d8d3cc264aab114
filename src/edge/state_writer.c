/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/state_writer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edge/state_file.h"

static void *run(void *userdata)
{
	struct state_writer *writer = userdata;

	writer->result = state_file_write(writer->path, writer->data, writer->len);
	atomic_store_explicit(&writer->done, true, memory_order_release);
	return NULL;
}

static void release(struct state_writer *writer)
{
	free(writer->path);
	free(writer->data);
	writer->path = writer->data = NULL;
}

int state_writer_begin(struct state_writer *writer, const char *path, char *data, size_t len)
{
	int error = ENOMEM;

	assert(!writer->busy);
	writer->path = strdup(path);
	writer->data = data;
	writer->len = len;
	atomic_store_explicit(&writer->done, false, memory_order_relaxed); /* nobody else yet */
	if (writer->path)
		error = pthread_create(&writer->thread, NULL, run, writer);
	if (error != 0) {
		release(writer);
		return -error;
	}
	writer->busy = true;
	return 0;
}

bool state_writer_end(struct state_writer *writer, bool wait, int *ret_result)
{
	if (!writer->busy ||
	    (!wait && !atomic_load_explicit(&writer->done, memory_order_acquire)))
		return false;
	pthread_join(writer->thread, NULL);
	writer->busy = false;
	release(writer);
	*ret_result = writer->result;
	return true;
}
