<!-- ruleid: markup-token-switched-off -->
<form action="transfer" method="POST">
  <input name="amount">
</form>
<!-- ok: markup-token-switched-off -->
<form action="transfer" method="POST">
  <input type="hidden" name="${_csrf.parameterName}" value="${_csrf.token}">
</form>
