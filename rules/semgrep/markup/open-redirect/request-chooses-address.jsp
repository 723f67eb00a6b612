<%
// ruleid: markup-request-chooses-address
  response.sendRedirect(request.getParameter("next"));
// ok: markup-request-chooses-address
  response.sendRedirect("/home");
// ok: markup-request-chooses-address
  response.sendRedirect("/items?id=" + request.getParameter("id"));
%>
<!-- ruleid: markup-request-chooses-address -->
<c:redirect url="${param.next}"/>
<!-- ok: markup-request-chooses-address -->
<c:redirect url="/home"/>
