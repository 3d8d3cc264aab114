/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/wireguard/uapi.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "facts/far_end.h"
#include "facts/wireguard/wg_key.h"
#include "policy/prefix/prefix.h"

#define LINE_MAX_BYTES 256 /* of the lines that count; the longest is a key: 75 */
#define SECONDS_MAX INT64_C(253402300799) /* the year 9999 */

struct reader {
	struct facts_wireguard device;
	struct facts_wg_peer *peer; /* the one that lines speak of, NULL: the device */
	bool ended, failed;
};

static int take_number(const char *value, uint64_t max, int64_t *ret_number)
{
	uint64_t number;

	if (text_parse_u64(value, 0, max, &number) < 0)
		return -EBADMSG;
	*ret_number = (int64_t)number;
	return 0;
}

static int take_listen_port(struct reader *reader, const char *value)
{
	return take_number(value, UINT16_MAX, &reader->device.listen_port);
}

static int take_fwmark(struct reader *reader, const char *value)
{
	return take_number(value, UINT32_MAX, &reader->device.fwmark);
}

static int take_s4(struct reader *reader, const char *value)
{
	return take_number(value, UINT16_MAX, &reader->device.s4);
}

static int take_public_key(struct reader *reader, const char *value)
{
	char key[WG_KEY_TEXT];

	if (!wg_key_from_hex(value, key))
		return -EBADMSG;
	reader->peer = record_append(&reader->device.peers, sizeof(*reader->peer));
	if (!reader->peer)
		return -ENOMEM;
	reader->peer->key = strdup(key);
	return reader->peer->key ? 0 : -ENOMEM;
}

static int take_endpoint(struct reader *reader, const char *value)
{
	struct far_end endpoint;

	if (!reader->peer || far_end_parse(value, &endpoint) < 0)
		return -EBADMSG;
	free(reader->peer->endpoint);
	reader->peer->endpoint = strdup(endpoint.address);
	reader->peer->port = endpoint.port;
	return reader->peer->endpoint ? 0 : -ENOMEM;
}

static int take_allowed(struct reader *reader, const char *value)
{
	char normal[PREFIX_TEXT_MAX];
	struct prefix prefix;

	if (!reader->peer || prefix_parse(value, &prefix) < 0)
		return -EBADMSG;
	return record_append_text(&reader->peer->allowed, prefix_format(&prefix, normal));
}

static int take_handshake(struct reader *reader, const char *value)
{
	if (!reader->peer)
		return -EBADMSG;
	return take_number(value, SECONDS_MAX, &reader->peer->handshake);
}

static int take_errno(struct reader *reader, const char *value)
{
	reader->failed = strcmp(value, "0") != 0;
	return 0;
}

static const struct {
	const char *key;
	int (*take)(struct reader *reader, const char *value);
} keys[] = {
	{ "listen_port", take_listen_port },
	{ "fwmark", take_fwmark },
	{ "s4", take_s4 },
	{ "public_key", take_public_key },
	{ "endpoint", take_endpoint },
	{ "allowed_ip", take_allowed },
	{ "last_handshake_time_sec", take_handshake },
	{ "errno", take_errno },
};

/* Looks at the key first, in place: the value of a secret one is never copied. */
static int take_line(struct reader *reader, const char *line, size_t len)
{
	const char *equals = memchr(line, '=', len);
	const size_t key_len = equals ? (size_t)(equals - line) : 0;
	char value[LINE_MAX_BYTES];

	if (len == 0) {
		reader->ended = true;
		return 0;
	}
	for (size_t i = 0; equals && i < COUNT(keys); i++) {
		if (strlen(keys[i].key) != key_len || memcmp(keys[i].key, line, key_len) != 0)
			continue;
		len -= key_len + 1;
		if (len >= sizeof(value) || memchr(equals, '\0', len + 1))
			return -EBADMSG;
		memcpy(value, equals + 1, len);
		value[len] = '\0';
		return keys[i].take(reader, value);
	}
	return equals ? 0 : -EBADMSG;
}

int uapi_parse(const char *text, size_t len, struct facts_wireguard *ret_device)
{
	const char *at = text, *end = text + len, *stop;
	struct reader reader = { 0 };
	int r = 0;

	while (r == 0 && !reader.ended && at < end) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			break;
		r = take_line(&reader, at, (size_t)(stop - at));
		at = stop + 1;
	}
	if (r == 0 && !reader.ended)
		r = -EAGAIN;
	else if (r == 0 && reader.failed)
		r = -EIO;
	if (r < 0)
		record_done(&facts_wireguard_shape, &reader.device);
	else
		*ret_device = reader.device;
	return r;
}
