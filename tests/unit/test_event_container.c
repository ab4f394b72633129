/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Paths of cgroups as runtimes make them, and what is to be seen of containers in them. */
#include "unit.h"

#include <string.h>

#include "event/container.h"
#include "event_tools.h"

#define ID "e4063920952d766348421832d2df465324397166164478852332152342342342"
#define OTHER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD "pod2bcf9b0e_4ab7_46c7_92ac_a1b6a6a3c2c7"
#define POD_V1 "pod2bcf9b0e-4ab7-46c7-92ac-a1b6a6a3c2c7"

static const struct {
	const char *cgroup, *id, *runtime;
} cases[] = {
	/* docker: the systemd driver, cgroupfs, rootless, in a slice of its own */
	{ "/system.slice/docker-" ID ".scope", ID, "docker" },
	{ "/docker/" ID, ID, "docker" },
	{ "/docker/" ID "/init.scope", ID, "docker" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope", ID, "docker" },
	{ "/build.slice/docker-" ID ".scope/system.slice/sshd.service", ID, "docker" },
	{ "/system.slice/docker.service", NULL, NULL },
	{ "/system.slice/docker.socket", NULL, NULL },
	/* docker in docker: the outer one */
	{ "/docker/" ID "/docker/" OTHER, ID, "docker" },
	{ "/system.slice/docker-" ID ".scope/kubepods.slice/cri-containerd-" OTHER ".scope", ID, "docker" },
	/* containerd: kubernetes with both drivers, nerdctl; with cgroupfs the path does not tell whose it is */
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" POD ".slice/cri-containerd-" ID ".scope", ID, "containerd" },
	{ "/kubepods.slice/kubepods-" POD ".slice/cri-containerd-" ID ".scope", ID, "containerd" },
	{ "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-" POD
	  ".slice/cri-containerd-" ID ".scope", ID, "containerd" },
	{ "/kubepods/burstable/" POD_V1 "/" ID, ID, NULL },
	{ "/kubepods/" POD_V1 "/" ID, ID, NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/nerdctl-" ID ".scope", ID, "containerd" },
	{ "/system.slice/nerdctl-" ID ".scope", ID, "containerd" },
	{ "/default/" ID, ID, NULL },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" POD ".slice", NULL, NULL },
	{ "/system.slice/containerd.service", NULL, NULL },
	{ "/system.slice/containerd.service/kubepods-burstable-" POD ".slice:cri-containerd:" ID, NULL, NULL },
	/* cri-o: both drivers; what watches a container is outside of it */
	{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-" POD ".slice/crio-" ID ".scope", ID, "cri-o" },
	{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-" POD ".slice/crio-" ID ".scope/container", ID, "cri-o" },
	{ "/kubepods/besteffort/" POD_V1 "/crio-" ID, ID, "cri-o" },
	{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-" POD ".slice/crio-conmon-" ID ".scope", NULL, NULL },
	{ "/system.slice/crio-conmon-" ID ".scope", NULL, NULL },
	{ "/system.slice/crio.service", NULL, NULL },
	/* podman: root, rootless, in a unit (quadlet), cgroupfs */
	{ "/machine.slice/libpod-" ID ".scope", ID, "podman" },
	{ "/machine.slice/libpod-" ID ".scope/container", ID, "podman" },
	{ "/machine.slice/libpod-conmon-" ID ".scope", NULL, NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", ID, "podman" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-conmon-" ID ".scope", NULL, NULL },
	{ "/system.slice/web.service/libpod-payload-" ID, ID, "podman" },
	{ "/libpod_parent/libpod-" ID, ID, "podman" },
	{ "/machine.slice/machine-libpod_pod_" ID ".slice/libpod-" OTHER ".scope", OTHER, "podman" },
	/* systemd: machines, as scopes and as services */
	{ "/machine.slice/machine-bookworm.scope", "bookworm", "systemd" },
	{ "/machine.slice/machine-bookworm.scope/payload/system.slice/cron.service", "bookworm", "systemd" },
	{ "/machine.slice/systemd-nspawn@web.service/payload", "web", "systemd" },
	{ "/machine.slice/machine-web\\x2d1.scope", "web\\x2d1", "systemd" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", NULL, NULL },
	{ "/machine.slice/machine-lxc\\x2d812\\x2dvm.scope", NULL, NULL },
	{ "/machine.slice/machine-.scope", NULL, NULL },
	{ "/machine.slice/machine-.scope.scope", ".scope", "systemd" },
	{ "/machine.slice/systemd-nspawn@.service", NULL, NULL },
	{ "/machine.slice", NULL, NULL },
	/* a user cannot make himself a machine, and policies see the container in one */
	{ "/user.slice/user-1000.slice/user@1000.service/machine.slice/machine-x.scope", NULL, NULL },
	{ "/machine.slice/machine-bookworm.scope/payload/system.slice/docker-" ID ".scope", ID, "docker" },
	/* other names with an ID */
	{ "/" ID, ID, NULL },
	{ "/" ID ".scope", ID, NULL },
	{ "/lxc.payload.web", NULL, NULL },
	{ "/actions_job/" ID, ID, NULL },
	{ "/x-" ID ".scope", ID, NULL },
	/* none */
	{ "/", NULL, NULL },
	{ "", NULL, NULL },
	{ "//", NULL, NULL },
	{ "/user.slice/user-1000.slice/session-3.scope", NULL, NULL },
	{ "/init.scope", NULL, NULL },
	{ "/.scope", NULL, NULL },
	{ "/docker/e4063920952d", NULL, NULL },
	{ "/docker/0" ID, NULL, NULL },
	{ "/docker/E4063920952D766348421832D2DF465324397166164478852332152342342342", NULL, NULL },
	{ "/system.slice/docker-" ID ".service", NULL, NULL },
	{ "/system.slice/docker_" ID ".scope", NULL, NULL },
};

static void test_containers_are_found_in_paths_of_cgroups(void **state)
{
	struct krsi_priv_container container;
	bool found;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *cgroup = cases[i].cgroup;

		found = krsi_priv_container_find(cgroup, strlen(cgroup), &container);
		if (found != (cases[i].id != NULL))
			fail_msg("%s: %s", cgroup, found ? "is one" : "is none");
		if (!found)
			continue;
		if (container.size != strlen(cases[i].id) || memcmp(container.id, cases[i].id, container.size) != 0)
			fail_msg("%s: is %.*s", cgroup, (int)container.size, container.id);
		assert_true(container.id > cgroup && container.id + container.size <= cgroup + strlen(cgroup));
		if (!cases[i].runtime != !container.runtime || (container.runtime && strcmp(container.runtime, cases[i].runtime) != 0))
			fail_msg("%s: is of %s", cgroup, container.runtime ? container.runtime : "unknown");
	}
}

static void test_as_many_levels_are_looked_at_as_by_policies(void **state)
{
	struct krsi_priv_container container;
	char cgroup[512] = "";
	int i;

	(void)state;
	for (i = 0; i < 30; i++)
		strcat(cgroup, "/a");
	strcat(cgroup, "/" ID);
	assert_true(krsi_priv_container_find(cgroup, strlen(cgroup), &container));
	assert_false(krsi_priv_container_find(cgroup, strlen(cgroup) - 1, &container));
	memmove(cgroup + 2, cgroup, strlen(cgroup) + 1);
	assert_false(krsi_priv_container_find(cgroup, strlen(cgroup), &container));
}

static void test_events_have_them(void **state)
{
	struct event_made made;
	const char *text;
	size_t size, i;
	uint32_t flags;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		event_begin(&made, "file.open");
		event_text_put(&made, KRSI_EVENT_CGROUP, cases[i].cgroup, strlen(cases[i].cgroup), KRSI_EVENT_TEXT_CUT);
		event_end(&made);
		text = krsi_event_text(&made.event, KRSI_EVENT_CONTAINER_ID, &size, &flags);
		assert_int_equal(text != NULL, cases[i].id != NULL);
		if (text) {
			assert_int_equal(size, strlen(cases[i].id));
			assert_memory_equal(text, cases[i].id, size);
			assert_int_equal(flags, 0);
			/* Nothing was copied. */
			assert_true(text > made.event.bytes && text < made.event.bytes + made.event.head->size);
		}
		text = krsi_event_text(&made.event, KRSI_EVENT_CONTAINER_RUNTIME, &size, &flags);
		assert_int_equal(text != NULL, cases[i].runtime != NULL);
		if (text)
			assert_int_equal(size, strlen(cases[i].runtime));
		event_free(&made);
	}
}

static void test_what_a_record_says_itself_counts(void **state)
{
	struct event_made made;
	const char *text;
	size_t size;

	(void)state;
	event_begin(&made, "file.open");
	event_text_put(&made, KRSI_EVENT_CGROUP, "/docker/" ID, strlen("/docker/" ID), 0);
	event_text_put(&made, KRSI_EVENT_CONTAINER_ID, "web", 3, 0);
	event_end(&made);
	text = krsi_event_text(&made.event, KRSI_EVENT_CONTAINER_ID, &size, NULL);
	assert_int_equal(size, 3);
	assert_memory_equal(text, "web", 3);
	event_free(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_containers_are_found_in_paths_of_cgroups),
		cmocka_unit_test(test_as_many_levels_are_looked_at_as_by_policies),
		cmocka_unit_test(test_events_have_them),
		cmocka_unit_test(test_what_a_record_says_itself_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
