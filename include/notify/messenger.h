/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells people: runs a command, writes a mail. Blocks while that goes on, 30 s each at most. Each
 * returns whether nobody is left to be told that way, and logs what goes wrong. */
#pragma once

#include "notify/alarm.h"

/* command NULL or empty: none. It is a line for /bin/sh, with what happened in its environment:
 * MSSCLAMP_ALERT, MSSCLAMP_STATE (firing, cleared), MSSCLAMP_VALUE (empty: unknown),
 * MSSCLAMP_THRESHOLD, MSSCLAMP_MESSAGE and MSSCLAMP_HOST. */
bool messenger_run(const char *command, const struct alarm_message *message);

/* Gives sendmail a mail to that address; NULL or empty: none. */
bool messenger_mail(const char *address, const struct alarm_message *message);
