/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By the native protocol of the journal, https://systemd.io/JOURNAL_NATIVE_PROTOCOL: a datagram of
 * lines "FIELD=value". The sender is ours, for libsystemd's waits until there is room. */
#include "daemon/events/journal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define FIELDS_MAX 8
#define FIELD_BYTES 320    /* a name of a tunnel or peer has 255 at most */
#define MESSAGE_BYTES 1024 /* as lines on stderr */

struct fields {
	size_t len;
	char text[MESSAGE_BYTES + FIELDS_MAX * FIELD_BYTES];
};

static const struct sockaddr_un place = {
	.sun_family = AF_UNIX,
	.sun_path = "/run/systemd/journal/socket",
};

/* Written once, by journal_open, before anybody else logs. -1: stderr leads elsewhere. */
static int journal = -1;

/* "DEVICE:INODE" of the stream that systemd gave us; stderr may lead elsewhere by now. */
void journal_open(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat stat;

	if (!stream || fstat(STDERR_FILENO, &stat) < 0)
		return;
	snprintf(mine, sizeof(mine), "%ju:%ju", (uintmax_t)stat.st_dev, (uintmax_t)stat.st_ino);
	if (strcmp(mine, stream) == 0 && access(place.sun_path, W_OK) == 0)
		journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* size: of the line with its name and end; what is longer is cut. */
static void add_line(struct fields *fields, const char *name, const char *value, size_t size)
{
	char *line = fields->text + fields->len;
	size_t len = (size_t)snprintf(line, size, "%s=%s", name, value);

	if (len > size - 1)
		len = text_utf8_cut(line, size - 1, size - 1);
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\n')
			line[i] = '?';
	}
	line[len++] = '\n';
	fields->len += len;
}

static void add(struct fields *fields, const char *name, const char *value)
{
	if (value)
		add_line(fields, name, value, FIELD_BYTES);
}

static void add_number(struct fields *fields, const char *name, uint32_t value)
{
	char number[16];

	snprintf(number, sizeof(number), "%" PRIu32, value);
	add(fields, name, number);
}

/* Returns whether the journal has it: not where it does not read. */
static bool send_entry(const struct journal_entry *entry, const char *message)
{
	struct fields fields = { .len = 0 };

	add_line(&fields, "MESSAGE", message, MESSAGE_BYTES);
	add_number(&fields, "PRIORITY", (uint32_t)entry->priority);
	add(&fields, "SYSLOG_IDENTIFIER", "mssclampd");
	add(&fields, "MESSAGE_ID", entry->message_id);
	add(&fields, "MSSCLAMP_TUNNEL", entry->tunnel);
	add(&fields, "MSSCLAMP_PEER", entry->peer);
	add(&fields, "MSSCLAMP_ALERT", entry->alert);
	if (entry->path_mtu)
		add_number(&fields, "MSSCLAMP_PATH_MTU", entry->path_mtu);
	return sendto(journal, fields.text, fields.len, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&place, sizeof(place)) >= 0;
}

void journal_print(const struct journal_entry *entry, const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list args;

	if (entry->priority > log_max())
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (journal < 0 || !send_entry(entry, message))
		log_print(entry->priority, "%s", message);
}
