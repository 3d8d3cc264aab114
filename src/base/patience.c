/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/patience.h"

#include <errno.h>
#include <stddef.h>

#include "base/clock.h"

static _Thread_local struct {
	bool (*tell)(void *userdata);
	void *userdata;
	uint64_t told_ns;
	bool is_over;
} watcher;

void patience_tell(bool (*tell)(void *userdata), void *userdata)
{
	watcher.tell = tell;
	watcher.userdata = userdata;
	watcher.told_ns = clock_monotonic_ns();
	watcher.is_over = false;
}

int patience_pass(void)
{
	uint64_t now_ns;

	if (watcher.tell && !watcher.is_over) {
		now_ns = clock_monotonic_ns();
		if (now_ns - watcher.told_ns >= PATIENCE_PASS_MS * NS_PER_MS) {
			watcher.told_ns = now_ns;
			watcher.is_over = !watcher.tell(watcher.userdata);
		}
	}
	return watcher.is_over ? -ECANCELED : 0;
}
