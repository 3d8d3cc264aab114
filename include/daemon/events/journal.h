/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines with fields of their own, where the log is systemd's journal: `journalctl
 * MSSCLAMP_TUNNEL=wg0` finds them, `journalctl -x` explains them from the catalog
 * (share/mssclamp.catalog). Elsewhere they are lines as all others. Control thread only. */
#pragma once

#include <stdint.h>

struct journal_entry {
	int priority;           /* LOG_* */
	const char *message_id; /* 32 hexadecimal digits, or NULL */
	const char *tunnel;     /* MSSCLAMP_TUNNEL, or NULL */
	const char *peer;       /* MSSCLAMP_PEER: its id, or NULL */
	const char *alert;      /* MSSCLAMP_ALERT, or NULL */
	uint32_t path_mtu;      /* MSSCLAMP_PATH_MTU: bytes, 0: unknown */
};

/* Finds out whether stderr leads to the journal ($JOURNAL_STREAM, systemd.exec(5)). Without a call
 * it does not. */
void journal_open(void);

/* As log_print: nothing where the priority is less urgent than log_max(). */
void journal_print(const struct journal_entry *entry, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
