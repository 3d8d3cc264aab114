/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jansson goes on behind some allocations that failed: what it has read lacks a character, what is
 * built with json_object_set_new lacks a member. Who must not take or tell half of it compares how
 * many there were before and after. */
#pragma once

/* Before anything else uses jansson. Without it none is counted. */
void json_memory_watch(void);

/* How many allocations of jansson have failed in this process. */
unsigned long json_memory_failures(void);
