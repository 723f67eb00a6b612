<%@ taglib prefix="c" uri="http://java.sun.com/jsp/jstl/core" %>
<!-- case: vulnerable -->
<% response.sendRedirect(request.getParameter("to")); %>
<!-- case: vulnerable -->
<c:redirect url="${param.to}"/>
<!-- case: safe (path of ours) -->
<% response.sendRedirect(request.getContextPath() + "/home"); %>
<!-- case: safe (value behind the address) -->
<% response.sendRedirect("/item?id=" + request.getParameter("id")); %>
