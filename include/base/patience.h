/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who watches over a thread shall not take it for stuck while it waits, within bounds, for another
 * process that is at work, and says when it shall wait no longer. Each thread has its own. */
#pragma once

#include <stdbool.h>

#define PATIENCE_PASS_MS 1000 /* as often as somebody wants to be told */

/* tell is called while this thread waits, and returns whether it shall wait on; once not, it is not
 * asked again until patience_tell is called anew. NULL (preset): nobody is told, and it waits. */
void patience_tell(bool (*tell)(void *userdata), void *userdata);

/* Time goes by: for who waits, before he begins and then at least every PATIENCE_PASS_MS, and has a
 * deadline. Not for who waits for what should have ended already. Returns 0, or -ECANCELED: break
 * it off. */
int patience_pass(void);
