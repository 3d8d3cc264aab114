/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/array.h"
#include "ctl/screen/field.h"
#include "ctl/top/top.h"

static json_t *rate_json(double rate)
{
	return rate < 0 ? json_null() : json_real(rate);
}

static json_t *mss_json(uint64_t mss)
{
	return mss ? json_integer((json_int_t)mss) : json_null();
}

/* A member as it came, or null. */
static json_t *copy_of(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return value ? json_incref(value) : json_null();
}

static const char *const rate_keys[] = { "syn_per_second", "clamped_per_second",
					 "mss_before_bytes", "mss_after_bytes" };

static json_t *row_json(const struct top_row *row)
{
	const json_t *tunnel = row->tunnel;

	return json_pack("{s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
			 row->name, "kind", copy_of(tunnel, "kind"), "peers",
			 copy_of(tunnel, "peers"), "outer_path_mtu_bytes",
			 copy_of(tunnel, "outer_path_mtu_bytes"), "source",
			 copy_of(tunnel, "source"), "mss4_bytes", copy_of(tunnel, "mss4_bytes"),
			 "mss6_bytes", copy_of(tunnel, "mss6_bytes"), "syn_per_second",
			 rate_json(row->syn), "clamped_per_second", rate_json(row->clamped),
			 "mss_before_bytes", mss_json(row->mss_in), "mss_after_bytes",
			 mss_json(row->mss_out));
}

/* Each peer with what was counted of it. */
static json_t *peers_json(const struct top *top)
{
	const json_t *peers = json_object_get(top->peers, "peers");
	const json_t *rates = json_object_get(top->peers, "rates");
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(peers); i++) {
		json_t *peer = json_copy(json_array_get(peers, i));
		const json_t *rate = json_array_get(rates, i);

		for (size_t k = 0; peer && k < COUNT(rate_keys); k++)
			json_object_set_new(peer, rate_keys[k], copy_of(rate, rate_keys[k]));
		json_array_append_new(list, peer);
	}
	return list;
}

json_t *top_to_json(const struct top *top)
{
	json_t *tunnels = json_array();

	for (size_t i = 0; i < top->rows.count; i++)
		json_array_append_new(tunnels, row_json(&top->rows.list[i]));
	return json_pack("{s:i, s:o, s:o, s:b, s:b, s:o, s:o}", "schema", CTL_SCHEMA,
			 "syn_per_second", rate_json(top->rows.syn), "clamped_per_second",
			 rate_json(top->rows.clamped), "audit", top->audit, "offload",
			 top->offload, "tunnels", tunnels, "peers",
			 top->page == TOP_PEERS ? peers_json(top) : json_null());
}
