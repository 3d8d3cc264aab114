/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/ppp/ppp_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "facts/far_end.h"
#include "facts/words.h"

#define FILES_MAX 8 /* files inside files */

struct option;

struct reader {
	struct facts_ppp ppp;
	ppp_file_reader read;
	void *userdata;
	unsigned int depth;
	const struct option *waiting; /* for its parameter, NULL: none does */
};

/* pppd has no mark between options: a word that is none of these is stepped over. */
struct option {
	const char *word;
	const char *kind;   /* that it decides, or NULL */
	bool mppe;
	int (*parameter)(struct reader *reader, const char *word); /* takes the next word */
};

static int take_text(struct reader *reader, const char *text, size_t len);
static int take_option(struct reader *reader, const char *word);

static int take_file(struct reader *reader, const char *path)
{
	char *text = NULL;
	size_t len = 0;
	int r;

	if (!reader->read || reader->depth >= FILES_MAX ||
	    reader->read(reader->userdata, path, &text, &len) < 0)
		return 0;
	reader->depth++;
	r = take_text(reader, text, len);
	reader->depth--;
	explicit_bzero(text, len);
	free(text);
	return r;
}

static int take_named_file(struct reader *reader, const char *word)
{
	/* pptpd's own options files are the only sign of it in its command line */
	if (strstr(word, "pptpd") && text_keep(&reader->ppp.kind, "pptp") < 0)
		return -ENOMEM;
	return *word == '/' ? take_file(reader, word) : 0;
}

/* pppd refuses names that lead out of its folder, and so do we (main.c callfile). */
static int take_call(struct reader *reader, const char *word)
{
	char path[WORD_BYTES + 16];

	if (*word == '/' || strstr(word, ".."))
		return 0;
	snprintf(path, sizeof(path), "/etc/ppp/peers/%s", word);
	return take_file(reader, path);
}

static int take_remote(struct reader *reader, const char *word)
{
	struct far_end endpoint;

	if (far_end_parse(word, &endpoint) < 0)
		return 0;
	return text_keep(&reader->ppp.remote, endpoint.address);
}

/* "nic-wan", or a word that looks like the name of a link: "eth0", "enp3s0.7". pppd itself asks the
 * kernel. */
static int take_device(struct reader *reader, const char *word)
{
	const bool marked = strncmp(word, "nic-", 4) == 0;
	const char *name = marked ? word + 4 : word;

	if (!facts_is_ifname(name))
		return 0;
	if (!marked && !strpbrk(name, "0123456789"))
		return take_option(reader, word);
	return text_keep(&reader->ppp.device, name);
}

static int take_plugin(struct reader *reader, const char *word)
{
	static const struct option link = { .parameter = take_device };

	if (strstr(word, "pppoe")) {
		reader->waiting = &link;
		return text_keep(&reader->ppp.kind, "pppoe");
	}
	if (strstr(word, "l2tp"))
		return text_keep(&reader->ppp.kind, "l2tp");
	if (strstr(word, "pptp"))
		return text_keep(&reader->ppp.kind, "pptp");
	return 0;
}

/* "pptp 192.0.2.1 --nolaunchpppd": a program that carries the frames. */
static int take_pty(struct reader *reader, const char *word)
{
	const bool pptp = strncmp(word, "pptp ", 5) == 0 || strstr(word, "/pptp ");
	char host[WORD_BYTES];
	size_t len;

	if (!pptp)
		return strstr(word, "pppoe ") ? text_keep(&reader->ppp.kind, "pppoe") : 0;
	if (text_keep(&reader->ppp.kind, "pptp") < 0)
		return -ENOMEM;
	word = strstr(word, "pptp ") + 5;
	word += strspn(word, " ");
	len = strcspn(word, " ");
	memcpy(host, word, len);
	host[len] = '\0';
	return take_remote(reader, host);
}

static int take_nothing(struct reader *reader, const char *word)
{
	(void)reader;
	(void)word;
	return 0;
}

static const struct option options[] = {
	{ "file", NULL, false, take_named_file },
	{ "call", NULL, false, take_call },
	{ "plugin", NULL, false, take_plugin },
	{ "pty", NULL, false, take_pty },
	{ "pptp_server", "pptp", false, take_remote },
	{ "pptpd-original-ip", "pptp", false, take_remote },
	{ "pppol2tp", "l2tp", false, take_nothing },
	{ "remotenumber", NULL, false, take_remote },
	{ "password", NULL, false, take_nothing },
	{ "user", NULL, false, take_nothing },
	{ "name", NULL, false, take_nothing },
	{ "mppe", NULL, true, NULL },
	{ "+mppe", NULL, true, NULL },
	{ "require-mppe", NULL, true, NULL },
	{ "require-mppe-40", NULL, true, NULL },
	{ "require-mppe-128", NULL, true, NULL },
};

static int take_option(struct reader *reader, const char *word)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option *option = &options[i];

		if (strcmp(option->word, word) != 0)
			continue;
		reader->ppp.mppe |= option->mppe;
		reader->waiting = option->parameter ? option : NULL;
		return option->kind ? text_keep(&reader->ppp.kind, option->kind) : 0;
	}
	return 0;
}

static int take_word(struct reader *reader, const char *word)
{
	const struct option *waiting = reader->waiting;

	reader->waiting = NULL;
	return waiting ? waiting->parameter(reader, word) : take_option(reader, word);
}

static int take_text(struct reader *reader, const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	struct words words;
	int r = 0;

	while (r == 0 && at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		words_split(at, stop ? stop : end, &words);
		for (size_t i = 0; r == 0 && i < words.count; i++)
			r = take_word(reader, words.list[i]);
		at = stop ? stop + 1 : end;
	}
	explicit_bzero(&words, sizeof(words));
	return r;
}

static int take_arguments(struct reader *reader, const char *argv, size_t len)
{
	const char *at = argv + strlen(argv) + 1, *end = argv + len;
	int r = 0;

	for (; r == 0 && at < end; at += strlen(at) + 1) {
		if (strlen(at) < WORD_BYTES)
			r = take_word(reader, at);
	}
	return r;
}

int ppp_options_parse(const char *argv, size_t len, ppp_file_reader read, void *userdata,
		      struct facts_ppp *ret_ppp)
{
	struct reader reader = { .read = read, .userdata = userdata };
	char *copy = malloc(len + 1);
	int r = copy ? take_file(&reader, "/etc/ppp/options") : -ENOMEM;

	if (r == 0) {
		memcpy(copy, argv, len);
		copy[len] = '\0';
		reader.waiting = NULL;
		r = take_arguments(&reader, copy, len);
	}
	if (r == 0 && !reader.ppp.kind)
		r = text_keep(&reader.ppp.kind, "ppp");
	if (copy)
		explicit_bzero(copy, len);
	free(copy);
	if (r < 0)
		record_done(&facts_ppp_shape, &reader.ppp);
	else
		*ret_ppp = reader.ppp;
	return r;
}
