<!-- ruleid: markup-unquoted-attribute -->
<input name="q" value=<%= query %>>
<!-- ok: markup-unquoted-attribute -->
<input name="q" value="<%= id %>">
