/* SPDX-License-Identifier: GPL-2.0-or-later */
/* While the control thread waits for a child (base/patience): what the service manager is told,
 * which would take a start or an end for stuck, and who ends the waiting. */
#pragma once

#include <stdbool.h>

struct daemon;

/* Each second: more time for the start. A signal that ends us, which the event loop does not read
 * then, breaks it off. */
void waiting_begin(void);
/* The watchdog is fed as long as every worker beats; a signal as above. */
void waiting_serve(struct daemon *daemon);
/* More time for the end, but not for ever: behind half a minute nothing more is run. */
void waiting_end(struct daemon *daemon);

/* Whether SIGTERM or SIGINT has come and was not read by the event loop. */
bool waiting_is_told_to_end(void);
