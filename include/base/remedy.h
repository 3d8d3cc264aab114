/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What helps, in words that are said in more than one place: those in capitals one program says to
 * people, and another one looks for them, to name the command. */
#pragma once

#define REMEDY_RESTART "a restart of mssclampd brings it back"
/* It and its socket, which systemd listens on: one without the other is half of it. */
#define REMEDY_UNITS "mssclampd.socket mssclampd"
/* The service first: while it runs systemd refuses to start its socket. */
#define REMEDY_SOCKET "systemctl restart mssclampd mssclampd.socket"
#define REMEDY_CHECK "all that is wrong: mssclampd -t -c " /* and the file, at the end */

/* What helps against -errno wherever it comes from: a clause without an end, or NULL. */
const char *remedy_of(int error);
