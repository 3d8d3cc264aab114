/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/openvpn/openvpn_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "facts/words.h"

#define REMOTES_MAX 256

struct reader {
	struct openvpn_config config;
	openvpn_file_reader read;
	void *userdata;
	unsigned int depth;
	bool in_connection;      /* between <connection> and </connection> */
	size_t connection_first; /* place of its first remote */
	char *outer_proto;       /* what held before it */
	int64_t outer_port, outer_rport;
};

static int take_words(struct reader *reader, const struct words *words);

static int64_t number(const char *text)
{
	uint64_t value = 0;

	return text_parse_u64(text, 0, UINT32_MAX, &value) == 0 ? (int64_t)value : 0;
}

static int take_remote(struct reader *reader, const struct words *words)
{
	struct openvpn_remote *remote;

	if (words->count < 2 || reader->config.remotes.count >= REMOTES_MAX)
		return 0;
	remote = record_append(&reader->config.remotes, sizeof(*remote));
	if (!remote)
		return -ENOMEM;
	if (words->count > 2)
		remote->port = number(words->list[2]);
	if (words->count > 3 && text_keep(&remote->proto, words->list[3]) < 0)
		return -ENOMEM;
	return text_keep(&remote->host, words->list[1]);
}

static int take_mode(struct reader *reader, const struct words *words)
{
	reader->config.server |= words->count > 1 && strcmp(words->list[1], "server") == 0;
	return 0;
}

static int take_client(struct reader *reader, const struct words *words)
{
	(void)words;
	reader->config.client = reader->config.tls = true;
	return 0;
}

static int take_server(struct reader *reader, const struct words *words)
{
	(void)words;
	reader->config.server = reader->config.tls = true;
	return 0;
}

static int take_compress(struct reader *reader, const struct words *words)
{
	reader->config.has_compress = true;
	return text_keep(&reader->config.compress, words->count > 1 ? words->list[1] : "stub");
}

static int take_socks(struct reader *reader, const struct words *words)
{
	reader->config.socks = true;
	return words->count > 1 ? text_keep(&reader->config.proxy, words->list[1]) : 0;
}

static int take_text(struct reader *reader, const char *text, size_t len);

static int take_file(struct reader *reader, const struct words *words)
{
	char *text = NULL;
	size_t len = 0;
	int r;

	if (words->count < 2)
		return 0;
	if (reader->depth >= OPENVPN_INCLUDE_MAX || !reader->read ||
	    reader->read(reader->userdata, reader->config.cd, words->list[1], &text, &len) < 0) {
		reader->config.unread = true;
		return 0;
	}
	reader->depth++;
	r = take_text(reader, text, len);
	reader->depth--;
	explicit_bzero(text, len);
	free(text);
	return r;
}

/* What is done with a directive: its first parameter kept as text or number, a flag set, more. */
static const struct directive {
	const char *name;
	enum { KEEP_TEXT, KEEP_NUMBER, SET_FLAG, CALL } what;
	size_t offset;
	int (*call)(struct reader *reader, const struct words *words);
} directives[] = {
#define AT(field) offsetof(struct openvpn_config, field)
	{ "config", CALL, 0, take_file },
	{ "cd", KEEP_TEXT, AT(cd), NULL },
	{ "dev", KEEP_TEXT, AT(dev), NULL },
	{ "dev-type", KEEP_TEXT, AT(dev_type), NULL },
	{ "proto", KEEP_TEXT, AT(proto), NULL },
	{ "port", KEEP_NUMBER, AT(port), NULL },
	{ "lport", KEEP_NUMBER, AT(lport), NULL },
	{ "rport", KEEP_NUMBER, AT(rport), NULL },
	{ "nobind", SET_FLAG, AT(nobind), NULL },
	{ "local", KEEP_TEXT, AT(local), NULL },
	{ "remote", CALL, 0, take_remote },
	{ "mark", KEEP_NUMBER, AT(mark), NULL },
	{ "socks-proxy", CALL, 0, take_socks },
	{ "http-proxy", KEEP_TEXT, AT(proxy), NULL },
	{ "mode", CALL, 0, take_mode },
	{ "server", CALL, 0, take_server },
	{ "server-ipv6", CALL, 0, take_server },
	{ "server-bridge", CALL, 0, take_server },
	{ "client", CALL, 0, take_client },
	{ "pull", SET_FLAG, AT(client), NULL },
	{ "tls-server", SET_FLAG, AT(tls), NULL },
	{ "tls-client", SET_FLAG, AT(tls), NULL },
	{ "secret", SET_FLAG, AT(static_key), NULL },
	{ "cipher", KEEP_TEXT, AT(cipher), NULL },
	{ "data-ciphers", KEEP_TEXT, AT(data_ciphers), NULL },
	{ "ncp-ciphers", KEEP_TEXT, AT(data_ciphers), NULL },
	{ "data-ciphers-fallback", KEEP_TEXT, AT(fallback), NULL },
	{ "ncp-disable", SET_FLAG, AT(ncp_off), NULL },
	{ "compat-mode", SET_FLAG, AT(compat), NULL },
	{ "auth", KEEP_TEXT, AT(auth), NULL },
	{ "comp-lzo", SET_FLAG, AT(comp_lzo), NULL },
	{ "compress", CALL, 0, take_compress },
	{ "fragment", SET_FLAG, AT(fragment), NULL },
	{ "mssfix", KEEP_NUMBER, AT(mssfix), NULL },
	{ "tun-mtu", KEEP_NUMBER, AT(tun_mtu), NULL },
	{ "disable-dco", SET_FLAG, AT(dco_off), NULL },
	{ "status", KEEP_TEXT, AT(status_file), NULL },
};

static int apply(struct reader *reader, const struct directive *directive,
		 const struct words *words)
{
	char *place = (char *)&reader->config + directive->offset;
	const char *parameter = words->count > 1 ? words->list[1] : NULL;

	switch (directive->what) {
	case KEEP_TEXT:
		return parameter ? text_keep((char **)(void *)place, parameter) : 0;
	case KEEP_NUMBER:
		*(int64_t *)(void *)place = parameter ? number(parameter) : 0;
		return 0;
	case SET_FLAG:
		*(bool *)place = true;
		return 0;
	case CALL:
		return directive->call(reader, words);
	}
	return 0;
}

/* A proto or port inside <connection> is that of its remotes alone. */
static int begin_connection(struct reader *reader)
{
	if (reader->in_connection)
		return 0;
	reader->in_connection = true;
	reader->connection_first = reader->config.remotes.count;
	reader->outer_port = reader->config.port;
	reader->outer_rport = reader->config.rport;
	reader->outer_proto = NULL;
	return reader->config.proto ? text_keep(&reader->outer_proto, reader->config.proto) : 0;
}

static int end_connection(struct reader *reader)
{
	struct openvpn_config *config = &reader->config;

	if (!reader->in_connection)
		return 0;
	for (size_t i = reader->connection_first; i < config->remotes.count; i++) {
		struct openvpn_remote *remote = &config->remotes.list[i];

		if (remote->port == 0)
			remote->port = config->rport ? config->rport : config->port;
		if (!remote->proto && config->proto &&
		    text_keep(&remote->proto, config->proto) < 0)
			return -ENOMEM;
	}
	free(config->proto);
	config->proto = reader->outer_proto;
	config->port = reader->outer_port;
	config->rport = reader->outer_rport;
	reader->outer_proto = NULL;
	reader->in_connection = false;
	return 0;
}

static int take_words(struct reader *reader, const struct words *words)
{
	const char *name = words->list[0];

	if (words->count == 0)
		return 0;
	if (strcmp(name, "<connection>") == 0)
		return begin_connection(reader);
	if (strcmp(name, "</connection>") == 0)
		return end_connection(reader);
	if (strncmp(name, "--", 2) == 0)
		name += 2;
	for (size_t i = 0; i < COUNT(directives); i++) {
		if (strcmp(directives[i].name, name) == 0)
			return apply(reader, &directives[i], words);
	}
	return 0;
}

static int take_text(struct reader *reader, const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	char mark[WORD_BYTES + 1];
	struct words words;
	int r = 0;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	while (r == 0 && at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		words_split(at, stop ? stop : end, &words);
		at = stop ? stop + 1 : end;
		if (words_inline(&words, mark)) {
			/* <secret> is the directive too: its contents are its parameter */
			words.list[0][strlen(words.list[0]) - 1] = '\0';
			memmove(words.list[0], words.list[0] + 1, strlen(words.list[0]));
			at = words_skip_inline(at, end, mark);
		}
		r = take_words(reader, &words);
	}
	explicit_bzero(&words, sizeof(words));
	return r;
}

/* "openvpn FILE", or options that begin with two dashes and go on up to the next one. */
static int take_arguments(struct reader *reader, const char *argv, size_t len)
{
	const char *end = argv + len, *at = argv + strnlen(argv, len);
	struct words words = { .count = 0 };
	int r = 0;

	at = at < end ? at + 1 : end;
	if (at < end && strncmp(at, "--", 2) != 0 && at + strlen(at) + 1 == end) {
		words_add(&words, "config");
		words_add(&words, at);
		return take_words(reader, &words);
	}
	for (; r == 0 && at < end; at += strlen(at) + 1) {
		if (strncmp(at, "--", 2) == 0 && at[2]) {
			r = take_words(reader, &words);
			words.count = 0;
		}
		words_add(&words, at);
	}
	return r == 0 ? take_words(reader, &words) : r;
}

int openvpn_config_parse(const char *argv, size_t len, openvpn_file_reader read, void *userdata,
			 struct openvpn_config *ret_config)
{
	struct reader reader = { .read = read, .userdata = userdata };
	char *copy = malloc(len + 1);
	int r;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, argv, len);
	copy[len] = '\0';
	/* The last argument has its NUL already, unless the kernel cut it. */
	r = take_arguments(&reader, copy, len > 0 && copy[len - 1] ? len + 1 : len);
	if (r == 0)
		r = end_connection(&reader);
	free(reader.outer_proto);
	free(copy);
	if (r < 0)
		openvpn_config_done(&reader.config);
	else
		*ret_config = reader.config;
	return r;
}

void openvpn_config_done(struct openvpn_config *config)
{
	for (size_t i = 0; i < config->remotes.count; i++) {
		free(config->remotes.list[i].host);
		free(config->remotes.list[i].proto);
	}
	free(config->remotes.list);
	for (size_t i = 0; i < COUNT(directives); i++) {
		if (directives[i].what == KEEP_TEXT)
			free(*(char **)(void *)((char *)config + directives[i].offset));
		if (directives[i].what == KEEP_TEXT)
			*(char **)(void *)((char *)config + directives[i].offset) = NULL;
	}
	free(config->compress);
	*config = (struct openvpn_config){ 0 };
}
