/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker has and gives up before it reads its first packet. */
#pragma once

struct filter;
struct queue;

/* Control thread, before there is a worker: the memory of its queue is there to stay. Says where
 * the limit forbids that. */
void worker_thread_lock(struct queue *queue);

/* The worker itself: its name, its stack, and the filter of its system calls (NULL: none). From
 * here on it may do nothing but its work. */
void worker_thread_prepare(const struct queue *queue, const struct filter *filter);
