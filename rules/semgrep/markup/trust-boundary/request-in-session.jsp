<%
// ruleid: markup-request-in-session
  session.setAttribute("role", request.getParameter("role"));
// ok: markup-request-in-session
  session.setAttribute("page", Integer.parseInt(request.getParameter("page")));
// ok: markup-request-in-session
  session.setAttribute("user", account.getName());
%>
<!-- ruleid: markup-request-in-session -->
<c:set var="lang" scope="session" value="${param.lang}"/>
<!-- ok: markup-request-in-session -->
<c:set var="lang" value="${param.lang}"/>
