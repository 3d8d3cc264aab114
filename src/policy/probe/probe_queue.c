/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "policy/probe/probe_path.h"

int probe_queue_reserve(struct probe_queue *queue, size_t count)
{
	return array_reserve((void **)&queue->list, &queue->capacity, count,
			     sizeof(struct probe_path *));
}

static void put(struct probe_queue *queue, size_t i, struct probe_path *path)
{
	queue->list[i] = path;
	path->place = i + 1;
}

static void rise(struct probe_queue *queue, size_t i, struct probe_path *path)
{
	for (; i > 0 && queue->list[(i - 1) / 2]->due_ns > path->due_ns; i = (i - 1) / 2)
		put(queue, i, queue->list[(i - 1) / 2]);
	put(queue, i, path);
}

static void sink(struct probe_queue *queue, size_t i, struct probe_path *path)
{
	for (size_t child = 2 * i + 1; child < queue->count; child = 2 * i + 1) {
		if (child + 1 < queue->count &&
		    queue->list[child + 1]->due_ns < queue->list[child]->due_ns)
			child++;
		if (queue->list[child]->due_ns >= path->due_ns)
			break;
		put(queue, i, queue->list[child]);
		i = child;
	}
	put(queue, i, path);
}

void probe_queue_add(struct probe_queue *queue, struct probe_path *path)
{
	rise(queue, queue->count++, path);
}

void probe_queue_remove(struct probe_queue *queue, struct probe_path *path)
{
	struct probe_path *last = queue->list[--queue->count];
	size_t i = path->place - 1;

	path->place = 0;
	if (last == path)
		return;
	sink(queue, i, last);
	rise(queue, last->place - 1, last);
}
