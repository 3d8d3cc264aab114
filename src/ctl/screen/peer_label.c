/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/screen/peer_label.h"

#include <string.h>

#include "ctl/screen/field.h"
#include "ctl/screen/format.h"

#define PEER_COLUMNS 32 /* of a name or id in the table */
#define KEY_COLUMNS 16  /* of a WireGuard public key: its head tells them apart */
#define KEY_LENGTH 44   /* base64 of 32 bytes, ends with "=" */

char *peer_label(const struct ctl *ctl, const json_t *peer)
{
	const char *id = field_string(peer, "peer", "-");
	const char *name = field_string(peer, "name", NULL);
	size_t len = strlen(id);
	bool key = !name && len == KEY_LENGTH && id[len - 1] == '=';
	char *label = format_clean(name ? name : id, ctl->utf8, false);

	if (label)
		format_shorten(label, key ? KEY_COLUMNS : PEER_COLUMNS);
	return label;
}
