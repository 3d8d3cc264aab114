/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of routes of daemon/routes/route_mtu_index.h. */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/search.h"
#include "daemon/routes/route_mtu_index.h"

/* By table and prefix, then as the kernel prefers them. */
static int compare_routes(const void *a, const void *b)
{
	const struct mtu_route *x = *(const struct mtu_route *const *)a;
	const struct mtu_route *y = *(const struct mtu_route *const *)b;
	int order;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	order = prefix_compare(&x->prefix, &y->prefix);
	if (order != 0)
		return order;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* Of each prefix of a table the route that is taken. Returns how many there are. */
static size_t choose(const struct mtu_route_list *routes, const struct mtu_route **ret_chosen)
{
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < routes->count; i++) {
		if (routes->list[i].protocol != ROUTE_MTU_PROTOCOL)
			ret_chosen[count++] = &routes->list[i];
	}
	qsort(ret_chosen, count, sizeof(void *), compare_routes);
	for (size_t i = 0; i < count; i++) {
		const struct mtu_route *last = kept ? ret_chosen[kept - 1] : NULL;

		if (!last || last->table != ret_chosen[i]->table ||
		    prefix_compare(&last->prefix, &ret_chosen[i]->prefix) != 0)
			ret_chosen[kept++] = ret_chosen[i];
	}
	return kept;
}

static size_t count_tables(const struct mtu_route **routes, size_t count)
{
	size_t tables = 0;

	for (size_t i = 0; i < count; i++)
		tables += i == 0 || routes[i - 1]->table != routes[i]->table;
	return tables;
}

static int index_table(struct table_routes *table)
{
	for (size_t i = 0; i < table->count; i++)
		table->by_link[i] = (uint64_t)table->routes[i]->ifindex << 32 | i;
	qsort(table->by_link, table->count, sizeof(*table->by_link), array_compare_u64);
	return prefix_cover_init(&table->cover, table->prefixes, table->count);
}

size_t table_find_link(const struct table_routes *table, uint32_t ifindex)
{
	size_t low;

	SEARCH_FIRST(low, table->count, i, table->by_link[i] >> 32 < ifindex);
	return low < table->count && table->by_link[low] >> 32 == ifindex ? low : table->count;
}

/* Gives each table its stretch. */
static int split(struct tables *tables, size_t count)
{
	int r = 0;

	for (size_t at = 0, end; at < count && r == 0; at = end) {
		struct table_routes *table = &tables->list[tables->count++];

		for (end = at + 1; end < count; end++) {
			if (tables->routes[end]->table != tables->routes[at]->table)
				break;
		}
		*table = (struct table_routes){
			.routes = tables->routes + at,
			.prefixes = tables->prefixes + at,
			.by_link = tables->by_link + at,
			.count = end - at,
		};
		r = index_table(table);
	}
	return r;
}

int tables_make(const struct mtu_route_list *routes, struct tables *ret_tables)
{
	struct tables tables = { 0 };
	size_t count;
	int r;

	tables.routes = calloc(routes->count + 1, sizeof(void *));
	tables.prefixes = calloc(routes->count + 1, sizeof(*tables.prefixes));
	tables.by_link = calloc(routes->count + 1, sizeof(*tables.by_link));
	if (!tables.routes || !tables.prefixes || !tables.by_link) {
		tables_done(&tables);
		return -ENOMEM;
	}
	count = choose(routes, tables.routes);
	for (size_t i = 0; i < count; i++)
		tables.prefixes[i] = tables.routes[i]->prefix;
	tables.list = calloc(count_tables(tables.routes, count) + 1, sizeof(*tables.list));
	r = tables.list ? split(&tables, count) : -ENOMEM;
	if (r < 0) {
		tables_done(&tables);
		return r;
	}
	*ret_tables = tables;
	return 0;
}

void tables_done(struct tables *tables)
{
	for (size_t i = 0; i < tables->count; i++)
		prefix_cover_done(&tables->list[i].cover);
	free(tables->list);
	free(tables->routes);
	free(tables->prefixes);
	free(tables->by_link);
	*tables = (struct tables){ 0 };
}
