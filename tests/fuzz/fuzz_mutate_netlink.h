/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mutator for inputs that are netlink messages one behind the other: it adds, drops, copies and
 * changes attributes, nested ones too, and puts the lengths around them right again
 * (linux/netlink.h). Include it in a target and say how far in the messages begin and how long the
 * header of a family is. */
#pragma once

#include <linux/netlink.h>
#include <stdlib.h>

#include "fuzz_mutate.h"

#define MUTATE_DEPTH_MAX 8
#define ATTR_HEADER sizeof(struct nlattr)
#define ATTR_ALIGN 4u /* NLA_ALIGNTO, and NLMSG_ALIGNTO too */
#define ATTR_PADDED(len) (((len) + ATTR_ALIGN - 1) / ATTR_ALIGN * ATTR_ALIGN)
#define MUTATE_ATTR_NEW_MAX 64

/* The stretches that hold the place of an edit: of each the offset of its length. The first is the
 * message, with 4 bytes of length, the others are attributes with 2. */
struct mutate_path {
	size_t at[MUTATE_DEPTH_MAX];
	size_t depth;
};

static inline size_t mutate_get_len(const struct edit *edit, size_t at, bool message)
{
	uint32_t wide;
	uint16_t narrow;

	memcpy(&wide, edit->data + at, sizeof(wide));
	memcpy(&narrow, edit->data + at, sizeof(narrow));
	return message ? wide : narrow;
}

static inline void mutate_put_len(struct edit *edit, size_t at, bool message, size_t len)
{
	uint32_t wide = (uint32_t)len;
	uint16_t narrow = (uint16_t)len;

	memcpy(edit->data + at, message ? (const void *)&wide : (const void *)&narrow,
	       message ? sizeof(wide) : sizeof(narrow));
}

/* Counts the attributes between two places; `chosen` gets the wanted-th of them. A stretch that is
 * no list of attributes has none. */
static inline size_t mutate_list(const struct edit *edit, size_t begin, size_t end, size_t wanted,
				 size_t *chosen)
{
	size_t count = 0, at = begin;

	while (end - at >= ATTR_HEADER) {
		size_t len = mutate_get_len(edit, at, false);

		if (len < ATTR_HEADER || len > end - at)
			return 0;
		if (count++ == wanted)
			*chosen = at;
		if (ATTR_PADDED(len) >= end - at)
			return count;
		at += ATTR_PADDED(len);
	}
	return at == end ? count : 0;
}

/* What is added to the innermost stretch is added to all that hold it. */
static inline void mutate_grow(struct edit *edit, const struct mutate_path *path, ptrdiff_t by)
{
	for (size_t i = 0; i < path->depth; i++) {
		size_t len = mutate_get_len(edit, path->at[i], i == 0);

		mutate_put_len(edit, path->at[i], i == 0, (size_t)((ptrdiff_t)len + by));
	}
}

/* A new attribute, most often of a small number and size. */
static inline void mutate_add_attr(struct edit *edit, const struct mutate_path *path, size_t at)
{
	static const uint8_t sizes[] = { 0, 1, 2, 4, 4, 4, 8, 16, 16, 32, MUTATE_ATTR_NEW_MAX };
	size_t len = ATTR_HEADER + sizes[edit_random(edit, sizeof(sizes))];
	uint16_t type = (uint16_t)edit_random(edit, edit_random(edit, 2) ? 16 : 80);

	if (!edit_insert(edit, at, ATTR_PADDED(len)))
		return;
	mutate_put_len(edit, at, false, len);
	memcpy(edit->data + at + 2, &type, sizeof(type));
	for (size_t i = ATTR_HEADER; i < len; i++)
		edit->data[at + i] = (uint8_t)edit_random(edit, edit_random(edit, 2) ? 4 : 256);
	mutate_grow(edit, path, (ptrdiff_t)ATTR_PADDED(len));
}

static inline void mutate_remove_attr(struct edit *edit, const struct mutate_path *path, size_t at,
				      size_t room)
{
	edit_remove(edit, at, room);
	mutate_grow(edit, path, -(ptrdiff_t)room);
}

static inline void mutate_copy_attr(struct edit *edit, const struct mutate_path *path, size_t at,
				    size_t room)
{
	if (room % ATTR_ALIGN != 0 || !edit_insert(edit, at, room))
		return;
	memmove(edit->data + at, edit->data + at + room, room);
	mutate_grow(edit, path, (ptrdiff_t)room);
}

/* The payload becomes another one, of another length perhaps; its padding is right behind it. */
static inline void mutate_change_attr(struct edit *edit, const struct mutate_path *path, size_t at,
				      size_t len, size_t room)
{
	size_t now = edit_stretch(edit, at + ATTR_HEADER, len - ATTR_HEADER, len + 16);
	size_t padded = ATTR_PADDED(ATTR_HEADER + now), left = room - len;

	mutate_put_len(edit, at, false, ATTR_HEADER + now);
	edit_remove(edit, at + ATTR_HEADER + now, left);
	if (!edit_insert(edit, at + ATTR_HEADER + now, padded - ATTR_HEADER - now))
		padded = ATTR_HEADER + now;
	mutate_grow(edit, path, (ptrdiff_t)padded - (ptrdiff_t)room);
}

/* An attribute with its padding. */
static inline void mutate_attr(struct edit *edit, const struct mutate_path *path, size_t at,
			       size_t len, size_t end)
{
	size_t room = ATTR_PADDED(len) < end - at ? ATTR_PADDED(len) : end - at;
	uint16_t type;

	switch (edit_random(edit, 8)) {
	case 0:
		mutate_add_attr(edit, path, at);
		break;
	case 1:
		mutate_remove_attr(edit, path, at, room);
		break;
	case 2:
		mutate_copy_attr(edit, path, at, room);
		break;
	case 3: /* another number */
		type = (uint16_t)edit_random(edit, edit_random(edit, 2) ? 16 : 80);
		memcpy(edit->data + at + 2, &type, sizeof(type));
		break;
	case 4: /* a length that lies: the one case in which nothing is put right */
		mutate_put_len(edit, at, false, len + edit_random(edit, 9) - 4);
		break;
	default:
		mutate_change_attr(edit, path, at, len, room);
	}
}

/* Goes down from a list to one of its attributes, and into that where it is a list itself, or may
 * become one. */
static inline void mutate_in_list(struct edit *edit, struct mutate_path *path, size_t begin,
				  size_t end)
{
	size_t count = mutate_list(edit, begin, end, SIZE_MAX, NULL), at = begin, len, inner;

	if (count == 0 || edit_random(edit, 12) == 0) {
		mutate_add_attr(edit, path, begin);
		return;
	}
	mutate_list(edit, begin, end, edit_random(edit, (uint32_t)count), &at);
	len = mutate_get_len(edit, at, false);
	inner = mutate_list(edit, at + ATTR_HEADER, at + len, SIZE_MAX, NULL);
	if (path->depth < MUTATE_DEPTH_MAX &&
	    (inner > 0 ? edit_random(edit, 4) > 0 : len == ATTR_HEADER && edit_random(edit, 2))) {
		path->at[path->depth++] = at;
		mutate_in_list(edit, path, at + ATTR_HEADER, at + len);
	} else {
		mutate_attr(edit, path, at, len, end);
	}
}

/* The wanted-th message from a place on, or how many there are. */
static inline size_t mutate_messages(const struct edit *edit, size_t at, size_t wanted,
				     size_t *chosen)
{
	size_t count = 0;

	while (edit->size - at >= sizeof(struct nlmsghdr)) {
		size_t len = mutate_get_len(edit, at, true);

		if (len < sizeof(struct nlmsghdr) || len > edit->size - at)
			break;
		if (count++ == wanted)
			*chosen = at;
		if (ATTR_PADDED(len) >= edit->size - at)
			break;
		at += ATTR_PADDED(len);
	}
	return count;
}

/* first       bytes before the first message
 * header_len  gives the length of the family's header of a message of that type, whole words */
static inline size_t mutate_netlink(uint8_t *data, size_t size, size_t max, unsigned int seed,
				    size_t first, size_t (*header_len)(uint16_t type))
{
	struct edit edit = { data, size, max, seed };
	struct mutate_path path = { .depth = 1 };
	size_t count = size < first ? 0 : mutate_messages(&edit, first, SIZE_MAX, NULL), begin, end;
	uint16_t type;

	if (count == 0 || edit_random(&edit, 3) == 0)
		return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, max) : size;
	mutate_messages(&edit, first, edit_random(&edit, (uint32_t)count), &path.at[0]);
	end = path.at[0] + mutate_get_len(&edit, path.at[0], true);
	memcpy(&type, data + path.at[0] + 4, sizeof(type));
	begin = path.at[0] + sizeof(struct nlmsghdr) + header_len(type);
	if (begin > end || edit_random(&edit, 6) == 0)
		edit_stretch(&edit, path.at[0] + 4, end - path.at[0] - 4, end - path.at[0] - 4);
	else
		mutate_in_list(&edit, &path, begin, end);
	return edit.size;
}
