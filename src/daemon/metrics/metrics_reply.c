/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to GetMetrics. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/metrics/rows.h"

/* Peers as the reply of ListPeers names them, with their labels. */
struct peers {
	struct peer_label *labels;
	struct metrics_peer *list;
	size_t count, used; /* of list: one a label, and one more a tunnel that has others */
};

static void peers_done(struct peers *peers)
{
	if (peers->labels)
		peer_labels_done(peers->labels, peers->count);
	free(peers->labels);
	free(peers->list);
}

static void keep_smallest(uint64_t *least, const json_t *peer, const char *key)
{
	const json_t *value = json_object_get(peer, key);
	uint64_t bytes = json_is_integer(value) ? (uint64_t)json_integer_value(value) : 0;

	if (bytes && (!*least || bytes < *least))
		*least = bytes;
}

/* The entry of a peer's tunnel for all that have no label; labels come by tunnel. */
static struct metrics_peer *find_other(struct peers *peers, const char *tunnel)
{
	for (size_t i = peers->used; i-- > 0;) {
		if (strcmp(peers->list[i].tunnel, tunnel) != 0)
			break;
		if (strcmp(peers->list[i].label, PEER_LABEL_OTHER) == 0)
			return &peers->list[i];
	}
	peers->list[peers->used] =
		(struct metrics_peer){ .tunnel = tunnel, .label = PEER_LABEL_OTHER };
	return &peers->list[peers->used++];
}

static void add_peer(struct peers *peers, const struct peer_label *label, const json_t *peer)
{
	struct metrics_peer *into;

	if (label->label) {
		into = &peers->list[peers->used++];
		*into = (struct metrics_peer){ .tunnel = label->tunnel, .label = label->label };
	} else {
		into = find_other(peers, label->tunnel);
	}
	keep_smallest(&into->path_mtu, peer, "path_mtu_bytes");
	keep_smallest(&into->mss4, peer, "mss4_bytes");
	keep_smallest(&into->mss6, peer, "mss6_bytes");
}

/* Borrows reply, of ListPeers. Returns 0 or -ENOMEM; peers_done in any case. */
static int peers_read(struct peers *peers, const json_t *reply, size_t most)
{
	const json_t *list = json_object_get(reply, "peers");
	int r;

	peers->count = json_array_size(list);
	peers->labels = calloc(peers->count + 1, sizeof(*peers->labels));
	peers->list = calloc(peers->count + 1, sizeof(*peers->list));
	if (!peers->labels || !peers->list)
		return -ENOMEM;
	for (size_t i = 0; i < peers->count; i++) {
		const json_t *peer = json_array_get(list, i);

		peers->labels[i] = (struct peer_label){
			.tunnel = json_string_value(json_object_get(peer, "tunnel")),
			.id = json_string_value(json_object_get(peer, "peer")),
			.name = json_string_value(json_object_get(peer, "name")),
			.place = i,
		};
	}
	r = peer_labels_make(peers->labels, peers->count, most);
	for (size_t i = 0; r == 0 && i < peers->count; i++)
		add_peer(peers, &peers->labels[i], json_array_get(list, peers->labels[i].place));
	return r;
}

/* Owned text, or NULL (out of memory). */
static char *make_text(const struct metrics_facts *facts)
{
	char *text = NULL;
	size_t len = 0;
	struct exposition out = { .out = open_memstream(&text, &len) };
	bool failed;

	if (!out.out)
		return NULL;
	for (size_t i = 0; i < metrics_row_count; i++) {
		exposition_begin(&out, &metrics_rows[i].metric);
		metrics_rows[i].fill(&out, facts);
	}
	failed = ferror(out.out);
	if (fclose(out.out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

static json_t *make_reply(const struct daemon *daemon, const json_t *status, const json_t *tunnels,
			  const struct peers *peers)
{
	struct queue_reading queues[SLOT_READERS_MAX];
	const struct metrics_facts facts = {
		.daemon = daemon,
		.status = status,
		.tunnels = tunnels,
		.peers = peers->list,
		.peer_count = peers->used,
		.queues = queues,
		.queue_count = workers_count(daemon->workers),
	};
	json_t *reply;
	char *text;

	for (size_t i = 0; i < facts.queue_count; i++)
		queues[i] = queue_reading_take(daemon->workers, i);
	text = make_text(&facts);
	reply = text ? json_pack("{s:i, s:s}", "schema", 1, "text", text) : NULL;
	free(text);
	return reply;
}

json_t *reply_metrics(struct control_call *call, json_t *parameters, void *userdata)
{
	struct daemon *daemon = userdata;
	const struct config *config = daemon->config;
	json_t *status = reply_status(call, parameters, daemon), *reply = NULL;
	json_t *tunnels = reply_tunnels(call, parameters, daemon);
	json_t *list = config->metrics.per_peer ? reply_peers(call, parameters, daemon) : NULL;
	struct peers peers = { 0 };

	if (status && tunnels && peers_read(&peers, list, config->metrics.max_peers) == 0)
		reply = make_reply(daemon, status, tunnels, &peers);
	peers_done(&peers);
	json_decref(status);
	json_decref(tunnels);
	json_decref(list);
	return reply ? reply : control_fail(call, CONTROL_FAILED, NULL, "out of memory");
}
