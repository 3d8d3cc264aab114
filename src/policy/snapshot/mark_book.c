/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/snapshot/mark_book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct slot_of_index {
	uint16_t mss;
	uint8_t state; /* enum mark_slot_state, 0: free */
};

struct mark_book {
	uint32_t bits;
	size_t capacity;
	size_t sharing;
	struct slot_of_index slots[]; /* of index 1 on */
};

struct mark_book *mark_book_new(uint32_t bits)
{
	size_t capacity = mark_indices(bits);
	struct mark_book *book = calloc(1, sizeof(*book) + capacity * sizeof(book->slots[0]));

	if (!book)
		return NULL;
	book->bits = bits;
	book->capacity = capacity;
	return book;
}

void mark_book_free(struct mark_book *book)
{
	free(book);
}

uint32_t mark_book_bits(const struct mark_book *book)
{
	return book->bits;
}

size_t mark_book_sharing(const struct mark_book *book)
{
	return book->sharing;
}

static int compare_mss(const void *a, const void *b)
{
	return array_order(*(const uint32_t *)a, *(const uint32_t *)b);
}

static bool is_listed(uint32_t mss, const uint32_t *list, size_t count)
{
	return count && bsearch(&mss, list, count, sizeof(*list), compare_mss);
}

/* How many of them suffice where each gives away at most `most` bytes; keeps those where told. */
static size_t thin(uint32_t *list, size_t count, uint32_t most, bool keep)
{
	uint32_t first = 0;
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (i > 0 && list[i] - first <= most)
			continue;
		first = list[i];
		if (keep)
			list[kept] = first;
		kept++;
	}
	return kept;
}

/* Leaves so many of an ascending list that those between them lose as little as possible; the first
 * one always stays. */
static size_t thin_to(uint32_t *list, size_t count, size_t room)
{
	uint32_t low = 0, high = UINT16_MAX;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (thin(list, count, middle, false) <= room)
			high = middle;
		else
			low = middle + 1;
	}
	return thin(list, count, low, true);
}

/* What is loaded is held or stale by the new plan; gathers the limits that have no index yet.
 * Returns how many indices are free. */
static size_t sort_out(struct mark_book *book, const uint32_t *limits, size_t count,
		       uint32_t *missing, size_t *ret_missing)
{
	uint8_t has[(UINT16_MAX + 1) / 8] = { 0 };
	size_t free_count = 0, missing_count = 0;

	for (size_t i = 0; i < book->capacity; i++) {
		struct slot_of_index *slot = &book->slots[i];

		free_count += slot->state == 0;
		if (slot->state == 0)
			continue;
		slot->state = is_listed(slot->mss, limits, count) ? MARK_HELD : MARK_STALE;
		has[slot->mss / 8] |= (uint8_t)(1 << slot->mss % 8);
	}
	for (size_t i = 0; i < count; i++) {
		if (!(has[limits[i] / 8] & 1 << limits[i] % 8))
			missing[missing_count++] = limits[i];
	}
	*ret_missing = missing_count;
	return free_count;
}

/* The smallest limit has to have an index, or its SYNs could not be lowered far enough: the largest
 * one that is held gives its own up, to be given anew once it is dropped. */
static void make_room(struct mark_book *book)
{
	struct slot_of_index *victim = NULL;

	for (size_t i = 0; i < book->capacity; i++) {
		struct slot_of_index *slot = &book->slots[i];

		if (slot->state == MARK_STALE)
			return; /* room comes anyway */
		if (slot->state == MARK_HELD && (!victim || slot->mss > victim->mss))
			victim = slot;
	}
	if (victim)
		victim->state = MARK_STALE;
}

int mark_book_plan(struct mark_book *book, const uint32_t *limits, size_t count)
{
	uint32_t *missing = malloc((count + 1) * sizeof(*missing));
	size_t wanted, room, used = 0;

	if (!missing)
		return -ENOMEM;
	room = sort_out(book, limits, count, missing, &wanted);
	book->sharing = wanted > room ? wanted : 0;
	if (book->sharing) {
		wanted = room ? thin_to(missing, wanted, room) : 0;
		book->sharing -= wanted;
	}
	for (size_t i = 0; i < book->capacity && used < wanted; i++) {
		if (book->slots[i].state != 0)
			continue;
		book->slots[i].mss = (uint16_t)missing[used++];
		book->slots[i].state = MARK_FRESH;
	}
	if (book->sharing && room == 0 && missing[0] == limits[0])
		make_room(book);
	free(missing);
	return 0;
}

void mark_book_loaded(struct mark_book *book, bool success)
{
	for (size_t i = 0; i < book->capacity; i++) {
		if (book->slots[i].state == MARK_FRESH)
			book->slots[i].state = success ? MARK_HELD : 0;
	}
}

void mark_book_dropped(struct mark_book *book)
{
	for (size_t i = 0; i < book->capacity; i++) {
		if (book->slots[i].state == MARK_STALE)
			book->slots[i].state = 0;
	}
}

size_t mark_book_list(const struct mark_book *book, unsigned int states,
		      struct mark_entry *entries)
{
	size_t count = 0;

	for (size_t i = 0; i < book->capacity; i++) {
		const struct slot_of_index *slot = &book->slots[i];

		if (!(slot->state & states))
			continue;
		if (entries)
			entries[count] = (struct mark_entry){
				slot->mss, mark_tag(book->bits, (uint32_t)i + 1) };
		count++;
	}
	return count;
}

static int compare_entries(const void *a, const void *b)
{
	return compare_mss(&((const struct mark_entry *)a)->mss,
			   &((const struct mark_entry *)b)->mss);
}

struct mark_table *mark_book_table(const struct mark_book *book)
{
	size_t count = mark_book_list(book, MARK_HELD, NULL);
	struct mark_table *table = malloc(sizeof(*table) + count * sizeof(table->entries[0]));

	if (!table)
		return NULL;
	table->bits = book->bits;
	table->hooks = 0;
	table->count = mark_book_list(book, MARK_HELD, table->entries);
	if (count)
		qsort(table->entries, count, sizeof(table->entries[0]), compare_entries);
	return table;
}
