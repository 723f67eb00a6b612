<!-- ruleid: markup-value-in-event-handler -->
<button onclick="rename('${user.name}')">Rename</button>
<!-- ok: markup-value-in-event-handler -->
<button onclick="show('${user.id}')">Show</button>
