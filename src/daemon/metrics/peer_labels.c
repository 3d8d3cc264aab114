/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/metrics/peer_labels.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

static int compare_ids(const void *a, const void *b)
{
	const struct peer_label *x = a, *y = b;
	int order = strcmp(x->tunnel, y->tunnel);

	return order ? order : strcmp(x->id, y->id);
}

static bool is_shown(uint32_t code)
{
	return code >= ' ' && (code < 0x7f || code > 0x9f);
}

/* The next character as it will be written; 0 at the end. */
static uint32_t next_written(const char **at)
{
	uint32_t code = 0;
	size_t len = **at ? text_utf8_decode(*at, &code) : 0;

	if (!**at)
		return 0;
	*at += len ? len : 1;
	return len && is_shown(code) ? code : 0xfffd;
}

/* Two interfaces may have names that differ in nothing that is written. */
static int compare_written(const char *a, const char *b)
{
	uint32_t x, y;

	do {
		x = next_written(&a);
		y = next_written(&b);
	} while (x && x == y);
	return array_order(x, y);
}

static int compare_labels(const void *a, const void *b)
{
	const struct peer_label *x = a, *y = b;
	int order = compare_written(x->tunnel, y->tunnel);

	return order ? order : strcmp(x->label, y->label);
}

/* The text as it will be written, at most PEER_LABEL_MAX bytes of it: what differs only in control
 * characters and in bytes that are no UTF-8 is one text. Owned, or NULL. */
static char *clean(const char *text)
{
	char *copy = strndup(text, text_utf8_cut(text, strlen(text), PEER_LABEL_MAX));

	for (char *at = copy; at && *at;) {
		uint32_t code = 0;
		size_t len = text_utf8_decode(at, &code);

		if (len == 0 || !is_shown(code))
			memset(at, '?', len ? len : 1);
		at += len ? len : 1;
	}
	return copy;
}

static bool has_name(const struct peer_label *peer)
{
	return peer->name && *peer->name;
}

/* Whether the label is that of another peer too, or means all others. labels is in order. */
static bool is_shared(struct peer_label *const *labels, size_t count, size_t i)
{
	return strcmp(labels[i]->label, PEER_LABEL_OTHER) == 0 ||
	       (i > 0 && compare_labels(labels[i - 1], labels[i]) == 0) ||
	       (i + 1 < count && compare_labels(labels[i], labels[i + 1]) == 0);
}

static int compare_places(const void *a, const void *b)
{
	return compare_labels(*(struct peer_label *const *)a, *(struct peer_label *const *)b);
}

static int append(struct peer_label *peer, const char *before, const char *what, const char *behind)
{
	char *label = NULL;

	if (asprintf(&label, "%s %s%s%s", peer->label, before, what, behind) < 0)
		return -ENOMEM;
	free(peer->label);
	peer->label = label;
	return 0;
}

/* "alice (id)". */
static int append_id(struct peer_label *peer)
{
	char *id = clean(peer->id);
	int r = id ? append(peer, "(", id, ")") : -ENOMEM;

	free(id);
	return r;
}

static void keep(void *data)
{
	(void)data; /* the peers are the caller's */
}

/* "alice (id) 2" and so on where somebody is called "alice (id)". Returns 0 or -ENOMEM. */
static int make_unique(struct peer_label *peer, void **taken)
{
	char number[12];

	for (unsigned int turn = 2; tfind(peer, taken, compare_labels); turn++) {
		snprintf(number, sizeof(number), "%u", turn);
		if (append(peer, "", number, "") < 0)
			return -ENOMEM;
	}
	return tsearch(peer, taken, compare_labels) ? 0 : -ENOMEM;
}

/* Those whose label is theirs alone keep it; then each of the others finds one. */
static int make_all_unique(struct peer_label *const *labels, size_t count)
{
	bool *shared = calloc(count + 1, sizeof(*shared));
	void *taken = NULL;
	int r = shared ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++) {
		shared[i] = is_shared(labels, count, i);
		if (!shared[i] && !tsearch(labels[i], &taken, compare_labels))
			r = -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (shared[i])
			r = append_id(labels[i]);
		if (r == 0 && shared[i])
			r = make_unique(labels[i], &taken);
	}
	tdestroy(taken, keep);
	free(shared);
	return r;
}

int peer_labels_make(struct peer_label *peers, size_t count, size_t most)
{
	struct peer_label **labels;
	int r = 0;

	for (size_t i = 0; i < count; i++)
		peers[i].label = NULL;
	if (count > 1)
		qsort(peers, count, sizeof(*peers), compare_ids);
	if (most > count)
		most = count;
	labels = calloc(most + 1, sizeof(struct peer_label *));
	if (!labels)
		return -ENOMEM;
	for (size_t i = 0; i < most && r == 0; i++) {
		peers[i].label = clean(has_name(&peers[i]) ? peers[i].name : peers[i].id);
		labels[i] = &peers[i];
		if (!peers[i].label)
			r = -ENOMEM;
	}
	if (r == 0 && most > 1)
		qsort(labels, most, sizeof(struct peer_label *), compare_places);
	if (r == 0)
		r = make_all_unique(labels, most);
	free(labels);
	return r;
}

void peer_labels_done(struct peer_label *peers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(peers[i].label);
}
