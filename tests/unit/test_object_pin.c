/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Pins of objects and links, on a directory that the fake kernel takes for a BPF file system. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

static int setup(void **state)
{
	fake_reset();
	return unit_setup(state);
}

static int teardown(void **state)
{
	fake_reset();
	return unit_teardown(state);
}

static struct krsi_object *object_load(struct krsi_ctx *ctx, const char *name)
{
	struct krsi_object *object = NULL;

	assert_ok(ctx, krsi_object_open(ctx, unit_object_path(name), NULL, &object));
	assert_ok(ctx, krsi_object_load(object));
	return object;
}

static char dir[64], pins[80];

static void pin_dir_make(void)
{
	snprintf(dir, sizeof(dir), "%s", unit_dir_make());
	snprintf(pins, sizeof(pins), "%s/pins", dir);
	fake.bpffs = dir;
}

static bool pinned(const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", pins, name);
	return access(path, F_OK) == 0;
}

static void test_pinned_object_stays_attached(void **state)
{
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");
	struct krsi_link_info info = { .sz = sizeof(info) };
	struct krsi_link *link = NULL;
	struct krsi_map *map = NULL;
	char path[160];

	pin_dir_make();
	assert_ok(*state, krsi_object_attach(object, NULL));
	assert_ok(*state, krsi_object_pin(object, pins));
	assert_true(pinned("link_mkdir_check") && pinned("map_events") && pinned("map_events_lost") && pinned("map__rodata"));
	krsi_object_free(object);
	assert_string_equal(fake_attaches(), "+mkdir_check ~mkdir_check ");
	snprintf(path, sizeof(path), "%s/link_mkdir_check", pins);
	assert_ok(*state, krsi_link_open_pin(*state, path, &link));
	assert_ok(*state, krsi_link_info(link, &info));
	assert_true(info.id > 0);
	assert_int_equal(info.program_id, 77);
	assert_ok(*state, krsi_link_unpin(link));
	assert_false(pinned("link_mkdir_check"));
	assert_int_equal(krsi_link_unpin(link), -EALREADY);
	krsi_link_free(link);
	snprintf(path, sizeof(path), "%s/map_counts", pins);
	assert_ok(*state, krsi_map_open_pin(*state, path, &map));
	krsi_map_free(map);
	assert_ok(*state, krsi_object_open(*state, unit_object_path("mkdir.bpf.o"), NULL, &object));
	assert_ok(*state, krsi_object_unpin(object, pins));	/* by a later process, from the names alone */
	assert_int_equal(access(pins, F_OK), -1);
	krsi_object_free(object);
	unit_dir_remove(dir);
}

static void test_what_is_attached_after_a_pinned_link_is_not_pinned(void **state)
{
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");

	pin_dir_make();
	assert_ok(*state, krsi_object_attach(object, NULL));
	assert_ok(*state, krsi_object_pin(object, pins));
	assert_ok(*state, krsi_object_detach(object));	/* its pin holds it */
	assert_ok(*state, krsi_object_attach(object, NULL));
	assert_ok(*state, krsi_object_detach(object));
	assert_string_equal(fake_attaches(), "+mkdir_check ~mkdir_check +mkdir_check -mkdir_check ");
	assert_ok(*state, krsi_object_unpin(object, pins));
	krsi_object_free(object);
	unit_dir_remove(dir);
}

static void test_pins_are_all_or_nothing(void **state)
{
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");

	pin_dir_make();
	assert_ok(*state, krsi_object_attach(object, NULL));
	fake_fail_nth("bpf_obj_pin", 4, -EPERM);
	assert_int_equal(krsi_object_pin(object, pins), -EPERM);
	assert_int_equal(access(pins, F_OK), -1);

	assert_ok(*state, krsi_object_pin(object, pins));
	assert_int_equal(krsi_object_pin(object, pins), -EEXIST);
	assert_true(pinned("map_events"));	/* the first call's are still there */
	assert_ok(*state, krsi_object_unpin(object, pins));
	assert_int_equal(krsi_object_unpin(object, pins), -ENOENT);
	krsi_object_free(object);
	assert_string_equal(fake_attaches(), "+mkdir_check -mkdir_check ");
	unit_dir_remove(dir);
}

static void test_pins_belong_on_a_bpf_file_system(void **state)
{
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");

	pin_dir_make();
	fake.bpffs = NULL;
	assert_int_equal(krsi_object_pin(object, pins), -EXDEV);
	assert_detail(*state, "not on a BPF file system");
	assert_int_equal(access(pins, F_OK), -1);
	assert_int_equal(krsi_object_unpin(object, dir), -EXDEV);
	fake.bpffs = dir;
	strcat(pins, "/deeper");
	assert_int_equal(krsi_object_pin(object, pins), -ENOENT);
	krsi_object_free(object);
	unit_dir_remove(dir);
}

static void test_unpinning_forgives_what_is_gone_and_spares_what_is_not_ours(void **state)
{
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");
	char path[160];

	pin_dir_make();
	assert_ok(*state, krsi_object_pin(object, pins));
	snprintf(path, sizeof(path), "%s/map_events", pins);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/of_others", pins);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_ok(*state, krsi_object_unpin(object, pins));
	assert_false(pinned("map_counts"));
	assert_true(pinned("of_others"));
	unlink(path);
	rmdir(pins);
	krsi_object_free(object);
	unit_dir_remove(dir);
}

static void test_link_pin_refuses_what_is_no_link(void **state)
{
	struct krsi_link *untouched = (struct krsi_link *)dir, *link = untouched;
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");
	struct krsi_link_info info = { .sz = sizeof(info) };
	char path[160];

	pin_dir_make();
	assert_ok(*state, krsi_object_pin(object, pins));
	snprintf(path, sizeof(path), "%s/map_counts", pins);
	assert_int_equal(krsi_link_open_pin(*state, path, &link), -EINVAL);
	assert_detail(*state, "is no link");
	snprintf(path, sizeof(path), "%s/none", pins);
	assert_int_equal(krsi_link_open_pin(*state, path, &link), -ENOENT);
	assert_int_equal(krsi_link_open_pin(*state, "/proc/self/exe", &link), -EXDEV);
	assert_int_equal(krsi_link_open_pin(*state, NULL, &link), -EINVAL);
	assert_int_equal(krsi_link_open_pin(NULL, path, &link), -EINVAL);
	assert_int_equal(krsi_link_open_pin(*state, path, NULL), -EINVAL);
	assert_int_equal(krsi_link_info(NULL, &info), -EINVAL);
	assert_int_equal(krsi_link_fd(NULL), -EINVAL);
	assert_int_equal(krsi_link_unpin(NULL), -EINVAL);
	assert_ptr_equal(link, untouched);
	krsi_link_free(NULL);
	assert_ok(*state, krsi_object_unpin(object, pins));
	krsi_object_free(object);
	unit_dir_remove(dir);
}

static void test_unpinning_spares_another_file_of_the_same_name(void **state)
{
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");
	struct krsi_link *link = NULL;
	char path[160], other[160];

	pin_dir_make();
	assert_ok(*state, krsi_object_attach(object, NULL));
	assert_ok(*state, krsi_object_pin(object, pins));
	snprintf(path, sizeof(path), "%s/link_mkdir_check", pins);
	assert_ok(*state, krsi_link_open_pin(*state, path, &link));
	assert_true(krsi_link_fd(link) >= 0);
	/* Made before the old one goes, so that it cannot get its inode number. */
	snprintf(other, sizeof(other), "%s/other", pins);
	close(open(other, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(krsi_link_unpin(link), -ENOENT);
	assert_detail(*state, "is gone, or something else");
	assert_true(pinned("link_mkdir_check"));
	krsi_link_free(link);
	assert_ok(*state, krsi_object_unpin(object, pins));
	krsi_object_free(object);
	unit_dir_remove(dir);
}

#define pin_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		pin_test(test_pinned_object_stays_attached),
		pin_test(test_what_is_attached_after_a_pinned_link_is_not_pinned),
		pin_test(test_pins_are_all_or_nothing),
		pin_test(test_pins_belong_on_a_bpf_file_system),
		pin_test(test_unpinning_forgives_what_is_gone_and_spares_what_is_not_ours),
		pin_test(test_link_pin_refuses_what_is_no_link),
		pin_test(test_unpinning_spares_another_file_of_the_same_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
